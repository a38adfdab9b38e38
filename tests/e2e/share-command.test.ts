import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { ask } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

const command = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const adminToken = 'the-operator-of-this-very-proxy-1';
const id = '83792513-cd9e-428f-99c0-63c63bc7739c';
let rig: Rig;

beforeAll(async () => {
  rig = await startRig({
    app: (req, res) => void res.end(req.url),
    env: { ACCESS_MODE: 'private', ADMIN_TOKEN: adminToken, PROXY_DOMAIN: 'proxy.localhost' },
    sandbox: { id },
  });
});
afterAll(() => rig.close());

/** Runs it as `npm run share` does, with nothing in the environment but what is given. */
function run(args: string[], env: Record<string, string> = {}) {
  const own = { DAYTONA_API_KEY: 'k', ADMIN_TOKEN: adminToken, PORT: String(rig.proxy.port) };
  return new Promise<{ code: number; out: string; err: string }>((resolve) => {
    execFile(
      process.execPath,
      [command, 'share', ...args],
      { cwd: '/', env: { PATH: process.env.PATH ?? '', ...own, ...env } },
      (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }),
    );
  });
}

test('prints a link that works, and ends it', async () => {
  const made = await run([id, '3000', '--expires', '30m', '--path', '/docs', '--read-only']);
  expect(made).toMatchObject({ code: 0, err: '' });
  const url = new URL(/^http\S+/.exec(made.out)?.[0] ?? '');
  expect(url.host).toBe(`3000-${id}.proxy.localhost:${rig.proxy.port}`);
  const visit = () => ask(rig.proxy.port, { host: url.host, path: url.pathname + url.search });
  expect((await visit()).body).toBe('/docs');
  const [, share = ''] = /--end (\S+)/.exec(made.out) ?? [];
  expect(await run(['--end', share])).toMatchObject({ code: 0, out: 'Ended.\n' });
  expect((await visit()).status).toBe(401);
});

test.each([
  ['nothing', [], {}, 'npm run share -- <sandboxId> <port>', 2],
  ['a time that is none', [id, '3000', '--expires', 'soon'], {}, '90s, 30m, 12h or 7d', 2],
  ['too long a time', [id, '3000', '--expires', '31d'], {}, 'expiresInSeconds'],
  ['a reserved port', [id, '2280'], {}, 'reserved'],
  ['an unknown option', [id, '3000', '--forever'], {}, '--forever', 2],
  ['no token', [id, '3000'], { ADMIN_TOKEN: '' }, 'Set ADMIN_TOKEN'],
  ['a wrong token', [id, '3000'], { ADMIN_TOKEN: 'x'.repeat(32) }, 'has another ADMIN_TOKEN'],
  ['no proxy', [id, '3000'], { PORT: '1' }, 'npm start'],
])('with %s it says what to do', async (_name, args, env, sentence, exitCode = 1) => {
  const { code, out, err } = await run(args, env as Record<string, string>);
  expect([code, out]).toEqual([exitCode, '']);
  expect(err).toContain(sentence);
  expect(err).not.toMatch(/^\s+at /m);
});

test('finds a proxy that speaks HTTPS itself, and no other in its place', async () => {
  const domain = 'proxy.localhost';
  const [ours, other] = [makeCertificate([domain]), makeCertificate([domain])];
  const files = (one: Certificate) => ({
    TLS_CERT_FILE: one.certPath,
    TLS_KEY_FILE: one.keyPath,
  });
  const secure = await startRig({
    env: { ...files(ours), ACCESS_MODE: 'private', ADMIN_TOKEN: adminToken, PROXY_DOMAIN: domain },
    sandbox: { id },
  });
  const PORT = String(secure.proxy.port);
  const made = await run([id, '3000'], { PORT, ...files(ours) });
  expect(made).toMatchObject({ code: 0, err: '' });
  expect(made.out).toMatch(`https://3000-${id}.${domain}:${PORT}/`);
  const refused = await run([id, '3000'], { PORT, ...files(other) });
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('No proxy answers') });
  const unread = await run([id, '3000'], { PORT, ...files(ours), TLS_CERT_FILE: '/nowhere' });
  expect(unread).toMatchObject({ code: 1, err: expect.stringContaining('TLS_CERT_FILE=/nowhere') });
  await secure.close();
  for (const one of [ours, other]) one.remove();
});
