import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { startDaytona } from '../../src/demo/daytona.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { ask, open } from '../support/client.ts';
import { type Program, startProgram } from '../support/program.ts';
import { closeServer, domain, listen } from '../support/rig.ts';
import { tlsTo } from '../support/transport.ts';

let certificate: Certificate;
let program: Program | undefined;

beforeAll(() => {
  certificate = makeCertificate([domain], 10);
});
afterAll(() => certificate.remove());
afterEach(() => {
  program?.child.kill('SIGKILL');
});

const start = (env: Record<string, string>) =>
  startProgram({
    DAYTONA_API_KEY: 'k',
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_FORMAT: 'pretty',
    TLS_CERT_FILE: certificate.certPath,
    TLS_KEY_FILE: certificate.keyPath,
    ...env,
  });

test('says that it speaks https, and what browsers will mind about the certificate', async () => {
  program = start({ PROXY_DOMAIN: `${domain},elsewhere.test` });
  const line = await program.line(/Serving/);
  expect(line).toMatch(/port \d+ \(https\)/);
  await program.line(/does not name \*\.elsewhere\.test/);
  await program.line(/expires on .*, in less than 10 days/);
  program.child.kill('SIGTERM');
  expect(await program.exit).toBe(0);
  expect(program.lines.filter((each) => each.includes(`*.${domain}:`))).toEqual([]);
});

test.each([
  [
    'a file that is not there',
    { TLS_KEY_FILE: '/nowhere/key.pem' },
    /^TLS_KEY_FILE=\/nowhere\/key\.pem cannot be read: ENOENT/,
  ],
  [
    'a file that is no certificate',
    { TLS_CERT_FILE: import.meta.filename },
    /^TLS_CERT_FILE=.* holds no certificate/,
  ],
  ['one of the two', { TLS_KEY_FILE: '' }, /TLS_KEY_FILE is not set, but TLS_CERT_FILE is/],
])('stops at %s with a message that names it', async (_what, env, sentence) => {
  program = start(env);
  expect(await program.exit).toBe(1);
  expect(program.lines.some((line) => sentence.test(line))).toBe(true);
  expect(program.lines.join('\n')).not.toMatch(/^\s+at /m);
});

test('on SIGTERM finishes a request in flight, waits for no handshake, and exits 0', async () => {
  const daytona = await startDaytona();
  let held: ServerResponse | undefined;
  const app = http.createServer((_req, res) => {
    held = res.writeHead(200);
    held.flushHeaders();
  });
  const sandbox = daytona.sandboxes.create();
  sandbox.ports.set(3000, await listen(app));
  const host = `3000-${sandbox.id}.${domain}`;
  program = start({
    DAYTONA_API_KEY: daytona.apiKey,
    DAYTONA_API_URL: daytona.apiUrl,
    PROXY_DOMAIN: domain,
  });
  const port = Number(/port (\d+)/.exec(await program.line(/Serving/))?.[1]);
  const connect = tlsTo(host, certificate.pem);
  const answer = await open(port, { host, connect });
  const silent = net.connect(port, '127.0.0.1').on('error', () => {});
  await once(silent, 'connect');
  program.child.kill('SIGTERM');
  await program.line(/finishing 1 requests/);
  await expect(ask(port, { host, connect })).rejects.toThrow('ECONNREFUSED');
  held?.end('finished');
  const [chunk] = await once(answer, 'data');
  expect(String(chunk)).toBe('finished');
  expect(await program.exit).toBe(0);
  await closeServer(app);
  await daytona.close();
});
