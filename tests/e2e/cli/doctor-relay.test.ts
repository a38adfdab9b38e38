import http from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Caller, makeCaller } from '../../support/command.ts';
import { startDnsServer } from '../../support/dnsServer.ts';
import { examine, settingsOf } from '../../support/doctor.ts';
import { closeServer, domain, listen, type Rig, startRig } from '../../support/rig.ts';

// Every examination is a process, and takes as long as its event stream.
jest.setTimeout(60_000);

let rig: Rig;
let caller: Caller;
let dns: Awaited<ReturnType<typeof startDnsServer>>;
let relay: http.Server | undefined;
let seen: http.IncomingHttpHeaders[] = [];

beforeAll(async () => {
  rig = await startRig({ app: (_req, res) => void res.end('the app') });
  caller = makeCaller();
  dns = await startDnsServer({
    [domain]: '127.0.0.1',
    [`*.${domain}`]: '127.0.0.1',
    'second.test': '127.0.0.2',
    '*.second.test': '127.0.0.2',
    'both.test': '127.0.0.1+127.0.0.2',
    '*.both.test': '127.0.0.1+127.0.0.2',
  });
});
afterEach(async () => {
  if (relay) await closeServer(relay);
  relay = undefined;
  seen = [];
});
afterAll(async () => {
  dns.close();
  caller.remove();
  await rig.close();
});

type Change = (req: http.IncomingMessage, res: http.ServerResponse) => unknown;

/** A bare front that carries no WebSockets, and may change requests or answer them in its own way. */
async function startRelay(which = rig, change: Change = () => {}): Promise<number> {
  relay = http.createServer((req, res) => {
    seen.push({ ...req.headers });
    change(req, res);
    if (res.writableEnded || res.destroyed) return;
    const { method, url: path, headers } = req;
    const onward = http.request({ port: which.proxy.port, method, path, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 0, answer.rawHeaders);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  });
  relay.on('upgrade', (_req, socket) => socket.destroy());
  return listen(relay);
}

const look = (url: string, which = rig, env: Record<string, string> = {}, more: string[] = []) =>
  examine(caller, ['--url', url, '--dns', dns.server, ...more], {
    ...settingsOf(which, domain),
    ...env,
  });

describe('a sandbox’s token', () => {
  const named = () => ['--sandbox', rig.sandbox.id, '--port', '3000'];

  test('goes in the clear to no host below a domain, though --url is the machine’s own', async () => {
    const port = await startRelay();
    const { of } = await look(`http://localhost:${port}`, rig, {}, named());
    expect(of('sandbox').detail).toContain(`3000-${rig.sandbox.id}.${domain} answers 200`);
    expect(seen.map(({ host }) => host)).toContain(`${rig.host()}:${port}`);
    expect(JSON.stringify(seen)).not.toContain(rig.sandbox.token);
  });

  test('goes in the clear to the machine itself, unless --resolve leads elsewhere', async () => {
    const env = { PROXY_DOMAIN: 'proxy.localhost', ACCESS_MODE: 'private' };
    const which = await startRig({ beside: rig, env });
    const port = await startRelay(which);
    const url = `http://proxy.localhost:${port}`;
    const here = await look(url, which, env, named());
    const shown = JSON.stringify(seen);
    seen = [];
    const pinned = [...named(), '--resolve', `*:${port}:127.0.0.1`];
    const there = await look(url, which, env, pinned);
    await which.close();
    expect(here.of('sandbox').result).toBe('ok');
    expect(shown).toContain(rig.sandbox.token);
    expect(there.of('sandbox').detail).toContain('asked without its token');
    expect(JSON.stringify(seen)).not.toContain(rig.sandbox.token);
  });
});

test('of several domains, the sandbox is tried below the one of --url', async () => {
  const env = { PROXY_DOMAIN: `first.test,${domain}` };
  const which = await startRig({ beside: rig, env });
  const { port } = which.proxy;
  const args = ['--sandbox', rig.sandbox.id, '--port', '3000'];
  const { of } = await look(`http://${domain}:${port}`, which, env, args);
  await which.close();
  expect(of('sandbox')).toMatchObject({ result: 'ok', detail: `${rig.host()} answers 200` });
});

test.each([
  ['a further domain', `${domain},second.test`, domain, 'second.test'],
  ['one of two addresses', 'both.test', 'both.test', 'both.test'],
])('%s that leads to nobody is named', async (_what, domains, name, wrongOne) => {
  const env = { PROXY_DOMAIN: domains };
  const which = await startRig({ beside: rig, env });
  const { wrong, of } = await look(`http://${name}:${which.proxy.port}`, which, env);
  await which.close();
  expect(wrong).toEqual(['every-address']);
  expect(of('every-address').detail).toMatch(
    new RegExp(`^127\\.0\\.0\\.2: http://${wrongOne}:\\d+ cannot be reached`),
  );
});

test('in the place of Daytona’s own proxy too, a Host that is replaced is named', async () => {
  const env = { MODE: 'platform', PROXY_API_KEY: rig.daytona.proxyKey };
  const which = await startRig({ beside: rig, platform: true });
  const port = await startRelay(which, ({ headers }) => {
    headers.host = `${domain}:${port}`;
  });
  const { wrong, of } = await look(`http://${domain}:${port}`, which, env);
  await which.close();
  expect(wrong).toContain('host');
  expect(of('host').detail).toMatch(/for no sandbox’s host: the front replaces Host/);
  expect(of('host').fix.join('\n')).toMatch(/proxy_set_header Host +\$http_host;/);
});

describe('what the proxy itself refuses is told as that', () => {
  const direct = async (env: Record<string, string>) => {
    const which = await startRig({ beside: rig, env });
    const found = await look(`http://${domain}:${which.proxy.port}`, which);
    await which.close();
    return found;
  };

  test('by IP_ALLOW', async () => {
    const { code, wrong, of } = await direct({ IP_ALLOW: '203.0.113.0/24' });
    expect([code, wrong]).toEqual([1, ['public-address']]);
    expect(of('public-address').detail).toMatch(/403 ADDRESS_REFUSED by the proxy.*IP_ALLOW/);
    expect(of('public-address').fix.join('\n')).toContain('IP_ALLOW=');
    expect(of('host')).toMatchObject({ result: 'skipped' });
  });

  test('by RATE_LIMIT_MAX', async () => {
    const { wrong, of } = await direct({ RATE_LIMIT_MAX: '3' });
    expect(wrong).toEqual(['public-address']);
    expect(of('public-address').detail).toMatch(/429 RATE_LIMITED by the proxy.*RATE_LIMIT_MAX/);
    expect(of('public-address').fix.join('\n')).not.toContain('proxy_pass');
  });
});

test.each(['127.0.0.1', '[::1]'])('at the address %s, below which there is no name', async (at) => {
  const env = { PROXY_DOMAIN: '', HOST: at.replace(/[[\]]/g, '') };
  const which = await startRig({ beside: rig, env });
  const args = ['--sandbox', rig.sandbox.id];
  const { wrong, of } = await look(`http://${at}:${which.proxy.port}`, which, env, args);
  await which.close();
  expect(wrong).toEqual([]);
  expect(of('host').result).toBe('ok');
  for (const name of ['dns', 'sandbox']) {
    expect(of(name)).toMatchObject({
      result: 'skipped',
      detail: expect.stringMatching(/below it/),
    });
  }
});

test('a way past the front is not taken for a stranger’s who is trusted', async () => {
  const env = { TRUSTED_PROXIES: '127.0.0.1/32' };
  const which = await startRig({ beside: rig, env });
  const { wrong, of } = await look(`http://${domain}:${which.proxy.port}`, which, env);
  await which.close();
  expect(wrong).toEqual([]);
  expect(of('visitor-address')).toMatchObject({
    result: 'skipped',
    detail: expect.stringContaining('say the address of the front'),
  });
});

test('what breaks off has lines that mend it', async () => {
  const port = await startRelay(rig, ({ url }, res) => {
    if (url?.startsWith('/diagnostics/events')) res.end();
    if (url === '/diagnostics/upload') res.destroy();
    if (url === '/diagnostics/redirect') res.end();
  });
  const { wrong, of } = await look(`http://${domain}:${port}`);
  expect(wrong).toEqual(['stats', 'event-stream', 'websocket', 'upload', 'redirects']);
  expect(of('event-stream').fix.join('\n')).toMatch(/proxy_buffering +off;/);
  expect(of('websocket').detail).toContain('does not open');
  expect(of('websocket').fix.join('\n')).toContain('$connection_upgrade');
  expect(of('upload').detail).toContain('is cut');
  expect(of('upload').fix.join('\n')).toMatch(/client_max_body_size +0;/);
  expect(of('redirects').fix.join('\n')).toMatch(/proxy_redirect +off;/);
});
