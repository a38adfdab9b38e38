import { once } from 'node:events';
import { Agent, type IncomingMessage, type ServerResponse } from 'node:http';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask, open, raw } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
let answer: (req: IncomingMessage, res: ServerResponse) => void;
const get = (path: string, headers = {}) =>
  ask(rig.proxy.port, { host: rig.host(), path, headers });

beforeAll(async () => {
  rig = await startRig({ app: (req, res) => answer(req, res) });
});
afterAll(() => rig.close());

describe('carrying HTTP', () => {
  test.each([200, 201, 206, 304, 400, 404, 418, 500, 503])(
    'passes a %i on as it is',
    async (status) => {
      answer = (_req, res) =>
        void res.writeHead(status, { 'X-App': 'yes' }).end(status === 304 ? '' : 'body');
      const { headers, body, ...got } = await get('/');
      expect(got.status).toBe(status);
      expect(headers['x-app']).toBe('yes');
      expect(headers['x-proxy-error']).toBeUndefined();
      expect(body).toBe(status === 304 ? '' : 'body');
    },
  );

  test('a 304 that names a length costs nobody the connection', async () => {
    answer = (_req, res) => void res.writeHead(304, { 'Content-Length': 5 }).end();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const one = await ask(rig.proxy.port, { host: rig.host(), agent });
    expect(one).toMatchObject({ status: 304, body: '' });
    answer = (_req, res) => void res.end('next');
    expect((await ask(rig.proxy.port, { host: rig.host(), agent })).body).toBe('next');
    agent.destroy();
  });

  test('gives 204 no body and HEAD its length without one', async () => {
    answer = (req, res) => {
      if (req.method === 'HEAD') res.writeHead(200, { 'Content-Length': 1234 }).end();
      else res.writeHead(204).end();
    };
    expect(await get('/')).toMatchObject({ status: 204, body: '' });
    const head = await ask(rig.proxy.port, { host: rig.host(), method: 'HEAD' });
    expect(head.headers['content-length']).toBe('1234');
    expect(head.body).toBe('');
  });

  test.each([
    '/',
    '//',
    '//[',
    '//:99999/x',
    '//a//b',
    '/a%2Fb',
    '/a;b=c',
    '/?',
    '/?a=b&a=c%20d',
    "/!$&'()*+,;=:@~",
  ])('keeps the path %s byte for byte', async (path) => {
    answer = (req, res) => void res.end(req.url);
    expect((await get(path)).body).toBe(path);
  });

  test.each([
    ['POST', ''],
    ['PUT', ''],
    ['DELETE', ''],
    ['OPTIONS', ''],
    ['PROPFIND', ''],
    ['GET', 'a body'],
    ['DELETE', 'a body'],
    ['PATCH', 'a body'],
  ])('carries %s with the body "%s"', async (method, body) => {
    answer = async (req, res) => {
      let seen = '';
      for await (const chunk of req) seen += chunk;
      res.end(`${req.method} ${seen}`);
    };
    const headers = { 'content-length': body.length };
    const got = await ask(rig.proxy.port, { host: rig.host(), method, body, headers });
    expect(got).toMatchObject({ status: 200, body: `${method} ${body}` });
    const chunked = { 'transfer-encoding': 'chunked' };
    const again = await ask(rig.proxy.port, { host: rig.host(), method, body, headers: chunked });
    expect(again).toMatchObject({ status: 200, body: `${method} ${body}` });
  });

  test('answers an HTTP/1.0 client without chunks, and closes', async () => {
    answer = (_req, res) => {
      res.write('one ');
      res.end('two');
    };
    const got = await raw(rig.proxy.port, `GET / HTTP/1.0\r\nHost: ${rig.host()}\r\n\r\n`);
    expect(got).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(got).not.toMatch(/Transfer-Encoding/i);
    expect(got).toMatch(/\r\n\r\none two$/);
  });

  test('tells a client that waits for 100 to go on', async () => {
    answer = (req, res) => void req.pipe(res);
    const socket = net.connect(rig.proxy.port, '127.0.0.1');
    socket.setEncoding('latin1');
    socket.write(
      `POST / HTTP/1.1\r\nHost: ${rig.host()}\r\nConnection: close\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n`,
    );
    const [interim] = await once(socket, 'data');
    expect(interim).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    let rest = '';
    socket.on('data', (chunk) => {
      rest += chunk;
    });
    socket.write('body');
    await once(socket, 'close');
    expect(rest).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*body/);
  });

  test('shows the app its own host and who the visitor is, and no token', async () => {
    answer = (req, res) => void res.end(JSON.stringify(req.headers));
    const seen = JSON.parse((await get('/', { 'X-Forwarded-For': '6.6.6.6' })).body);
    expect(seen).toMatchObject({
      host: 'localhost:3000',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': rig.host(),
    });
    expect(JSON.stringify(seen)).not.toContain(rig.sandbox.token);
    expect(Object.keys(seen).filter((name) => name.startsWith('x-daytona'))).toEqual([]);
  });

  test('every path of a sandbox’s host is the sandbox’s, /health and /stats too', async () => {
    answer = (_req, res) => void res.end('the app');
    expect((await get('/health')).body).toBe('the app');
    expect((await get('/stats')).body).toBe('the app');
  });

  test('streams an upload and a download that are larger than any buffer', async () => {
    answer = (req, res) => void req.pipe(res);
    const body = Buffer.alloc(20_000_000, 'x');
    const got = await ask(rig.proxy.port, { host: rig.host(), method: 'POST', body });
    expect(got.body.length).toBe(body.length);
  });

  test('delivers the first event while the stream is still open', async () => {
    let stream: ServerResponse | undefined;
    answer = (_req, res) => {
      stream = res;
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.flushHeaders();
    };
    const res = await open(rig.proxy.port, { host: rig.host() });
    stream?.write('data: first\n\n');
    const [chunk] = await once(res, 'data');
    expect(String(chunk)).toBe('data: first\n\n');
    stream?.end('data: last\n\n');
    await once(res.resume(), 'end');
  });

  test('ends the sandbox’s request when the client leaves', async () => {
    const left = new Promise<void>((resolve) => {
      answer = (_req, res) => {
        res.once('close', resolve);
        res.write('x');
      };
    });
    const res = await open(rig.proxy.port, { host: rig.host() });
    res.on('error', () => {});
    res.destroy();
    await left;
  });

  test('destroys the client’s connection when the sandbox dies in the middle of an answer', async () => {
    answer = (_req, res) => {
      res.writeHead(200, { 'Content-Length': 100 });
      res.write('half', () => res.destroy());
    };
    const res = await open(rig.proxy.port, { host: rig.host() });
    let body = '';
    res.on('data', (chunk) => {
      body += chunk;
    });
    await once(res, 'error');
    expect(body).toBe('half');
  });

  test('lets a sandbox answer before the upload is finished', async () => {
    answer = (_req, res) => void res.writeHead(413).end('too large');
    const body = Buffer.alloc(5_000_000);
    const agent = new Agent({ keepAlive: true });
    const got = await ask(rig.proxy.port, { host: rig.host(), method: 'POST', body, agent });
    expect(got).toMatchObject({ status: 413, body: 'too large' });
    agent.destroy();
    answer = (_req, res) => void res.end('next');
    expect((await get('/')).body).toBe('next');
  });

  test('brings redirects home and cleans cookies', async () => {
    answer = (_req, res) => {
      res.setHeader('Location', 'http://localhost:3000/next?a=b');
      res.setHeader('Set-Cookie', ['a=1; Domain=.proxy.test; Path=/', 'pkce_verifier=x', 'b=2']);
      res.writeHead(302).end();
    };
    const { headers } = await get('/');
    expect(headers.location).toBe('/next?a=b');
    expect(headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2']);
  });

  test('shows the app a local Origin for its own, and a foreign one untouched', async () => {
    answer = (req, res) => void res.end(req.headers.origin);
    const own = await get('/', { Origin: `http://${rig.host()}` });
    expect(own.body).toBe('http://localhost:3000');
    expect((await get('/', { Origin: 'https://evil.test' })).body).toBe('https://evil.test');
    expect(own.headers['access-control-allow-origin']).toBeUndefined();
  });

  test('returns the request id that it logs and sends upstream', async () => {
    answer = (req, res) => void res.end(req.headers['x-request-id']);
    const { headers, body } = await get('/with-id');
    expect(body).toBe(headers['x-request-id']);
    const line = rig.logs().find(({ event, path }) => event === 'access' && path === '/with-id');
    expect(line).toMatchObject({
      requestId: body,
      status: 200,
      sandbox: rig.sandbox.id,
      port: 3000,
    });
  });
});
