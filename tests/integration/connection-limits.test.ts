import { once } from 'node:events';
import net from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { ask, codeOf, open, openWebSocket, raw, refusedUpgrade } from '../support/client.ts';
import { echoSockets } from '../support/echo.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
/** The app answers nothing on `/silent`, until the visitor leaves. */
const start = async (env: Record<string, string>) => {
  rig = await startRig({
    app: (req, res) => {
      if (req.url !== '/silent') res.end('ok');
    },
    env,
  });
  echoSockets(rig.app);
};
afterEach(() => rig.close());

const get = (headers = {}) => ask(rig.proxy.port, { host: rig.host(), headers });
const connect = async () => {
  const socket = net.connect(rig.proxy.port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
};
/** A request that stays open; resolves once the app has it. */
const occupy = async (headers = {}) => {
  const arrived = once(rig.app, 'request');
  const opened = open(rig.proxy.port, { host: rig.host(), path: '/silent', headers });
  opened.catch(() => {});
  await arrived;
};

test('a client over its number of connections is told so, and gets in again when one is closed', async () => {
  await start({ MAX_CONNECTIONS_PER_CLIENT: '2' });
  const [one, two] = [await connect(), await connect()];
  const refused = await raw(rig.proxy.port, '');
  expect(refused).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n/);
  expect(refused).toMatch(/\r\nConnection: close\r\n[\s\S]*"code":"TOO_MANY_CONNECTIONS"/);
  one.destroy();
  two.end('GET /health HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n');
  await once(two.resume(), 'close');
  expect((await get()).status).toBe(200);
});

test('another address is not counted with it', async () => {
  await start({ MAX_CONNECTIONS_PER_CLIENT: '1' });
  await connect();
  const other = net.connect({ port: rig.proxy.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  other.write('GET /health HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n\r\n');
  expect(String(await once(other, 'data'))).toMatch(/^HTTP\/1\.1 200 /);
});

test('visitors behind a trusted proxy are counted by what they have open', async () => {
  await start({ MAX_CONNECTIONS_PER_CLIENT: '1', TRUSTED_PROXIES: '127.0.0.1' });
  await occupy({ 'x-forwarded-for': '1.1.1.1' });
  const refused = await get({ 'x-forwarded-for': '1.1.1.1' });
  expect([refused.status, codeOf(refused)]).toEqual([429, 'TOO_MANY_CONNECTIONS']);
  expect((await get({ 'x-forwarded-for': '2.2.2.2' })).status).toBe(200);
});

test('a sandbox takes no more requests and WebSockets than its number', async () => {
  await start({ MAX_CONNECTIONS_PER_SANDBOX: '2' });
  await occupy();
  const webSocket = await openWebSocket(rig.proxy.port, rig.host());
  const request = await get();
  expect([request.status, codeOf(request)]).toEqual([503, 'SANDBOX_BUSY']);
  expect(request.headers['retry-after']).toBe('1');
  const upgrade = await refusedUpgrade(rig.proxy.port, rig.host());
  expect([upgrade.status, codeOf(upgrade)]).toEqual([503, 'SANDBOX_BUSY']);
  webSocket.socket.close();
  await once(webSocket.socket, 'close');
  expect((await get()).status).toBe(200);
});

test('a connection over the number of all is closed, and the operator told', async () => {
  await start({ MAX_CONNECTIONS: '1' });
  const inside = await connect();
  expect(await raw(rig.proxy.port, '')).toBe('');
  inside.write('GET /health HTTP/1.1\r\nHost: x.test\r\n\r\n');
  expect(String(await once(inside, 'data'))).toMatch(/^HTTP\/1\.1 200 /);
  expect(rig.logs()).toContainEqual(expect.objectContaining({ event: 'limit.connections' }));
});

test('a head that does not come is not waited for', async () => {
  await start({ HEADERS_TIMEOUT_MS: '1000' });
  expect(await raw(rig.proxy.port, 'GET / HTTP/1.1\r\nHost: ')).toMatch(/^HTTP\/1\.1 408 /);
});

test('a head over its size is refused', async () => {
  await start({ MAX_HEADER_BYTES: '2048' });
  const get = (size: number) =>
    raw(
      rig.proxy.port,
      `GET / HTTP/1.1\r\nHost: ${rig.host()}\r\nConnection: close\r\nX: ${'a'.repeat(size)}\r\n\r\n`,
    );
  expect(await get(1_000)).toMatch(/^HTTP\/1\.1 200 /);
  expect(await get(3_000)).toMatch(/^HTTP\/1\.1 431 [\s\S]*X-Proxy-Error: INVALID_REQUEST/);
});

test('requests that a client pipelines reach the sandbox one after the other', async () => {
  const arrived: string[] = [];
  const answers: (() => void)[] = [];
  rig = await startRig({
    app: (req, res) => {
      arrived.push(req.url ?? '');
      answers.push(() => res.end('ok'));
    },
  });
  const one = once(rig.app, 'request');
  const client = await connect();
  const head = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${rig.host()}\r\n\r\n`;
  client.write(head('/1') + head('/2'));
  await one;
  await ask(rig.proxy.port, { host: 'localhost', path: '/health' }); // Time in which it could come.
  expect(arrived).toEqual(['/1']);
  const two = once(rig.app, 'request');
  answers[0]?.();
  await two;
  expect(arrived).toEqual(['/1', '/2']);
});

test('a client that pipelines too much gets the answers to what had room', async () => {
  await start({});
  const request = `GET /ok HTTP/1.1\r\nHost: ${rig.host()}\r\n\r\n`;
  const received = await raw(rig.proxy.port, request.repeat(150));
  expect(received.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(101);
});

test('a client that pipelines without end and without an answer is cut off', async () => {
  await start({});
  const client = await connect();
  const request = `GET /silent HTTP/1.1\r\nHost: ${rig.host()}\r\n\r\n`;
  client.resume().write(request.repeat(6_000));
  await new Promise((done) => client.once('close', done)); // By a reset, which is an error first.
});

test('a body that must wait for the answer before it does not hide that its client left', async () => {
  await start({});
  const client = await connect();
  const arrived = once(rig.app, 'request');
  const head = (line: string) => `${line} HTTP/1.1\r\nHost: ${rig.host()}\r\n`;
  client.write(`${head('GET /silent')}\r\n${head('POST /ok')}Content-Length: 300000\r\n\r\n`);
  client.write(Buffer.alloc(300_000));
  const [, res] = await arrived;
  client.resetAndDestroy();
  await once(res, 'close');
});

test('a client that leaves in the middle of its second request has left its first', async () => {
  await start({});
  const client = await connect();
  const arrived = once(rig.app, 'request');
  const head = (line: string) => `${line} HTTP/1.1\r\nHost: ${rig.host()}\r\n`;
  client.write(`${head('GET /silent')}\r\n${head('POST /ok')}Content-Length: 9\r\n\r\nbeg`);
  const [, res] = await arrived;
  client.end();
  await once(res, 'close');
});

test('an upload of which the sandbox reads nothing is given up', async () => {
  rig = await startRig({
    app: (req) => void req.pause(),
    env: { UPLOAD_STALL_TIMEOUT_MS: '300' },
  });
  const client = await connect();
  client.write(`POST / HTTP/1.1\r\nHost: ${rig.host()}\r\nContent-Length: 100000000\r\n\r\n`);
  client.write(Buffer.alloc(50_000_000));
  expect(String(await once(client, 'data'))).toMatch(/^HTTP\/1\.1 504 [\s\S]*UPSTREAM_UNREACHABLE/);
});
