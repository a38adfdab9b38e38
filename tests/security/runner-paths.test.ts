/**
 * Attacker: whoever may reach one port of one sandbox, public to all.
 * Step: a path with `..` in it, plain or encoded, which the runner or a server behind it resolves;
 *   or a redirect of the sandbox's own with such a path.
 * Gain: another sandbox of the same runner, or the sandbox's own toolbox, which runs commands.
 * Defence: below a runner no path goes out that any server could read as leading upwards.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { ask, raw } from '../support/client.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
const atRunner: IncomingMessage[] = [];

beforeAll(async () => {
  rig = await startRig({ platform: true, sandbox: { public: true } });
  for (const runner of rig.daytona.runners.all) runner.on('request', (req) => atRunner.push(req));
});
beforeEach(() => {
  atRunner.length = 0;
});
afterAll(() => rig.close());

const paths = [
  '/../../version',
  '/..%2f..%2fversion',
  '/%2e%2e/%2e%2e/version',
  '/a/..\\..\\..\\version',
  '/..;/..;/version',
  '/%252e%252e%252f%252e%252e%252fversion',
  '/a/../../../../../other/toolbox/proxy/22222/',
];

test.each(paths)('no request goes out with %s', async (path) => {
  const answer = await ask(rig.proxy.port, { host: rig.host(), path });
  expect([answer.status, answer.headers['x-proxy-error']]).toEqual([400, 'INVALID_REQUEST']);
  expect(atRunner).toEqual([]);
});

test.each(paths)('no upgrade goes out with %s', async (path) => {
  const answer = await raw(
    rig.proxy.port,
    `GET ${path} HTTP/1.1\r\nHost: ${rig.host()}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(atRunner).toEqual([]);
});

test.each(paths)('not below the toolbox either: %s', async (path) => {
  const headers = { authorization: `Bearer ${rig.daytona.apiKey}` };
  const toolbox = `/toolbox/${rig.sandbox.id}${path}`;
  const answer = await ask(rig.proxy.port, { host: domain, path: toolbox, headers });
  expect([answer.status, answer.headers['x-proxy-error']]).toEqual([400, 'INVALID_REQUEST']);
  expect(atRunner).toEqual([]);
});

test.each(['/%2e%2e%2f%2e%2e%2fversion', '/a/..%5c..%5cversion'])(
  'nor is a redirect followed with %s',
  async (path) => {
    const env = { FOLLOW_REDIRECTS: '5' };
    const app = (_req: IncomingMessage, res: ServerResponse) =>
      void res.writeHead(302, { Location: path }).end();
    const following = await startRig({ platform: true, sandbox: { public: true }, env, app });
    const answer = await ask(following.proxy.port, { host: following.host() });
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([502, 'UPSTREAM_INVALID']);
    await following.close();
  },
);
