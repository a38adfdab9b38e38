/**
 * Attacker: a sandbox. Step: answers what is no HTTP, or what no client should see. Gain: the
 * process dies, hangs, or lets its own words follow the sandbox's. Defence: our own heads; a
 * complete 502 while nothing was sent, a destroyed connection after that.
 */
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask, raw } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
let hostile: net.Server;
let answer = '';

beforeAll(async () => {
  rig = await startRig({ app: (_req, res) => void res.end('healthy') });
  hostile = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(answer, 'latin1'));
  });
  await new Promise<void>((done) => hostile.listen(0, '127.0.0.1', done));
  const { port } = hostile.address() as AddressInfo;
  rig.daytona.faults.previewUrl = (url) =>
    url.includes('//4000-') ? url.replace(/:\d+$/, `:${port}`) : url;
});
afterAll(async () => {
  await rig.close();
  await new Promise((done) => hostile.close(done));
});

const request = (headers: string) =>
  raw(rig.proxy.port, `GET / HTTP/1.1\r\nHost: ${rig.host(4000)}\r\n${headers}\r\n`);
const plain = 'Connection: close\r\n';
const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

const noAnswers: [string, string][] = [
  ['nothing', ''],
  ['no HTTP', 'hello\r\n\r\n'],
  ['half a status line', 'HTTP/1.1 2'],
  ['half a head', 'HTTP/1.1 200 OK\r\nContent-Le'],
  ['status 000', 'HTTP/1.1 000 X\r\nContent-Length: 0\r\n\r\n'],
  ['status 099', 'HTTP/1.1 099 X\r\nContent-Length: 0\r\n\r\n'],
  ['status 600', 'HTTP/1.1 600 X\r\nContent-Length: 0\r\n\r\n'],
  ['status 999', 'HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n'],
  ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhi'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!'],
  ['a head of 40 KB', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`],
  ['a NUL in a header', 'HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi'],
];
const survived: [string, string][] = [
  ['a control byte in the reason', 'HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nhi'],
  ['latin1 in the reason', 'HTTP/1.1 200 \xe9\xff\r\nContent-Length: 2\r\n\r\nhi'],
  ['less body than promised', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhi'],
  [
    'more body than promised',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi HTTP/1.1 200 OK\r\n\r\n',
  ],
  ['a broken chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n'],
  ['an unfinished chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhi'],
  [
    'two answers',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad',
  ],
  ['a body behind 204', 'HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nhi'],
  ['a body behind 304', 'HTTP/1.1 304 No\r\nContent-Length: 2\r\n\r\nhi'],
  ['interim answers without end', `${'HTTP/1.1 103 Early\r\nLink: <a>\r\n\r\n'.repeat(50)}`],
  [
    'an interim answer first',
    'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
  ],
  [
    'a refusal that lies about its length',
    'HTTP/1.1 400 X\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{}',
  ],
];

describe.each([
  ['a request', plain],
  ['an upgrade', upgrade],
])('to %s', (_what, headers) => {
  test.each(noAnswers)('%s becomes a complete 502', async (_name, text) => {
    answer = text;
    const got = await request(headers);
    expect(got).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(got).toMatch(/\r\nX-Proxy-Error: UPSTREAM_/);
    expect(got).toMatch(/\}\}$/);
  });

  test.each(survived)('%s harms nobody', async (_name, text) => {
    answer = text;
    const got = await request(headers);
    expect(got.match(/HTTP\/1\.1 \d/g)?.length ?? 0).toBeLessThanOrEqual(1);
    if (!got.startsWith('HTTP/1.1 502')) expect(got).not.toContain('X-Proxy-Error');
    expect((await ask(rig.proxy.port, { host: rig.host() })).body).toBe('healthy');
  });
});

test.each([plain, upgrade])(
  'a Trailer field is dropped, since trailers are not carried',
  async (headers) => {
    answer = 'HTTP/1.1 200 Fine\r\nTrailer: X\r\nContent-Length: 2\r\n\r\nhi';
    const got = await request(headers);
    expect(got).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(got).not.toMatch(/Trailer/);
    expect(got).toMatch(/\r\n\r\nhi$/);
  },
);

test('a 101 to a plain request is refused', async () => {
  answer =
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nabc';
  expect(await request(plain)).toMatch(/^HTTP\/1\.1 502 /);
});

test('a 101 is the last that the proxy says on an upgrade', async () => {
  answer = 'HTTP/1.1 101 Odd\x01\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nabc';
  const got = await request(upgrade);
  expect(got).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
  expect(got).toMatch(/\r\n\r\nabc$/);
});
