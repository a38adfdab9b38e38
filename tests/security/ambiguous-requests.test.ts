/**
 * Attacker: anyone who can reach the proxy. Step: sends a head that two parsers read differently.
 * Gain: a request that passes the checks for one host and is carried to another.
 * Defence: `host/inspect.ts` answers 400, closes, and nothing reaches Daytona or a sandbox.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { raw } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
let reached = 0;

beforeAll(async () => {
  rig = await startRig({
    app: (_req, res) => {
      reached += 1;
      res.end('reached');
    },
  });
});
afterAll(() => rig.close());

const socketUpgrade =
  'GET / HTTP/1.1\r\nHost: $H\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
test.each([
  ['an unknown expectation', 'GET / HTTP/1.1\r\nHost: x.test\r\nExpect: x\r\n\r\n'],
  ['a request without Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['a request for us', 'GET /health HTTP/1.1\r\nHost: x.test\r\n\r\n'],
])('survives an upgrade pipelined behind %s', async (_what, first) => {
  const host = rig.host(2280);
  const answer = await raw(rig.proxy.port, (first + socketUpgrade).replaceAll('$H', host));
  expect(answer).toMatch(/^HTTP\/1\.1 [24]/);
});

const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
test.each([
  ['two Host headers', 'GET / HTTP/1.1\r\nHost: $H\r\nHost: other.test\r\n\r\n'],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n'],
  ['no Host on HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n'],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n'],
  ['user info in Host', 'GET / HTTP/1.1\r\nHost: a@$H\r\n\r\n'],
  ['a path in Host', 'GET / HTTP/1.1\r\nHost: $H/x\r\n\r\n'],
  ['a query in Host', 'GET / HTTP/1.1\r\nHost: $H?x\r\n\r\n'],
  ['an absolute target', 'GET http://$H/ HTTP/1.1\r\nHost: $H\r\n\r\n'],
  ['the target *', 'OPTIONS * HTTP/1.1\r\nHost: $H\r\n\r\n'],
  [
    'another coding before chunked',
    'POST / HTTP/1.1\r\nHost: $H\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'Transfer-Encoding on HTTP/1.0',
    'POST / HTTP/1.0\r\nHost: $H\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'both lengths',
    'POST / HTTP/1.1\r\nHost: $H\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'two lengths',
    'POST / HTTP/1.1\r\nHost: $H\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  ],
  ['HTTP/0.9', 'GET /\r\n\r\n'],
  ['HTTP/2.0 in plain text', 'GET / HTTP/2.0\r\nHost: $H\r\n\r\n'],
  [
    'a folded header',
    'GET / HTTP/1.1\r\nHost: $H\r\nX: a\r\n b\r\nTransfer-Encoding : chunked\r\n\r\n',
  ],
  [
    'an upgrade with a body',
    `GET / HTTP/1.1\r\nHost: $H\r\n${upgrade}Content-Length: 3\r\n\r\nabc`,
  ],
  ['an upgrade by POST', `POST / HTTP/1.1\r\nHost: $H\r\n${upgrade}\r\n`],
  [
    'an upgrade to h2c',
    'GET / HTTP/1.1\r\nHost: $H\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  ],
])('refuses %s', async (_what, text) => {
  const answer = await raw(rig.proxy.port, text.replaceAll('$H', rig.host()));
  expect(answer).toMatch(/^HTTP\/1\.1 (?:400|505) /);
  expect(answer).toMatch(/\r\nConnection: close\r\n/i);
  expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  expect(reached).toBe(0);
  expect(rig.daytona.calls).toEqual([]);
});
