import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { describeWith } from '../support/binary.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { type Front, startNginx } from '../support/nginx.ts';
import { type Rig, startRig } from '../support/rig.ts';

const domains = ['proxy.test', 'sandbox.daytona.defikit.net'];
const id = '83792513-cd9e-428f-99c0-63c63bc7739c';
const portFirst = `3000-${id}.proxy.test`;
const idFirst = `${id}-3000.sandbox.daytona.defikit.net`;

describeWith('nginx', 'Nginx in front, from the configuration that ships', () => {
  let rig: Rig;
  let certificate: Certificate;
  let nginx: Front;
  let echo: WebSocketServer;
  /** What the app does; each test sets its own. */
  let app: RequestListener;

  beforeAll(async () => {
    rig = await startRig({
      app: (req, res) => app(req, res),
      env: { PROXY_DOMAIN: domains.join(','), TRUSTED_PROXIES: '127.0.0.1/32' },
      sandbox: { id },
    });
    echo = new WebSocketServer({ noServer: true });
    rig.app.on('upgrade', (req, socket, head) =>
      echo.handleUpgrade(req, socket as Socket, head, (ws) => {
        ws.on('message', (data, binary) => ws.send(data, { binary }));
        ws.send(JSON.stringify(req.headers));
      }),
    );
    certificate = makeCertificate(domains);
    nginx = await startNginx({ domains, certificate, upstreamPort: rig.proxy.port });
  });

  afterAll(async () => {
    echo.close();
    await nginx.close();
    await rig.close();
    certificate.remove();
  });

  /** A request over TLS whose certificate is checked against the sandbox's host. */
  const request = (host: string, options: https.RequestOptions = {}) =>
    https.request({
      host: '127.0.0.1',
      port: nginx.httpsPort,
      servername: host,
      ca: certificate.pem,
      agent: false,
      ...options,
      headers: { ...options.headers, host: `${host}:${nginx.httpsPort}` },
    });

  const get = async (host: string, path = '/', headers: http.OutgoingHttpHeaders = {}) => {
    const req = request(host, { path, headers });
    req.end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    return { status: res.statusCode, headers: res.headers, body: await read(res) };
  };

  test.each([portFirst, idFirst])('serves %s over HTTP/1.1', async (host) => {
    app = (_req, res) => void res.setHeader('server', 'the app').end('hello');
    const answer = await get(host);
    expect([answer.status, answer.body, answer.headers.server]).toEqual([200, 'hello', 'the app']);
  });

  test.each([portFirst, idFirst])('serves %s over HTTP/2', async (host) => {
    app = echoHead;
    const authority = `${host}:${nginx.httpsPort}`;
    const session = http2.connect(`https://${authority}`, {
      createConnection: () =>
        tls.connect({
          host: '127.0.0.1',
          port: nginx.httpsPort,
          servername: host,
          ca: certificate.pem,
          ALPNProtocols: ['h2'],
        }),
    });
    const answers = ['/a', '/b'].map(async (path) => {
      const stream = session.request({ ':path': path });
      const [[head], body] = await Promise.all([once(stream, 'response'), read(stream)]);
      return [head[':status'], JSON.parse(body).url];
    });
    expect(await Promise.all(answers)).toEqual([
      [200, '/a'],
      [200, '/b'],
    ]);
    expect(session.alpnProtocol).toBe('h2');
    session.close();
    await once(session, 'close');
  });

  test('tells the app who came and how, whatever the visitor claims', async () => {
    app = echoHead;
    const { body, headers } = await get(portFirst, '/', {
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'elsewhere.test',
      'x-real-ip': '203.0.113.7',
      'x-request-id': 'mine',
      origin: `https://${portFirst}:${nginx.httpsPort}`,
      api_key: 'kept',
    });
    const seen = JSON.parse(body).headers;
    expect(seen).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      origin: 'http://localhost:3000',
      api_key: 'kept',
    });
    expect(seen['x-real-ip']).toBeUndefined();
    expect(seen['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(headers['x-request-id']).toBe(seen['x-request-id']);
  });

  test('takes the visitor’s address from the connection', async () => {
    app = echoHead;
    const req = request(portFirst, { localAddress: '127.0.0.5' });
    req.end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    expect(JSON.parse(await read(res)).headers['x-forwarded-for']).toBe('127.0.0.5');
  });

  test('passes the path and the query on byte for byte', async () => {
    app = echoHead;
    const path = '/a//b/./c/../%2e%2f%7E/d%20e?q=%zz&r=a;b+c//../';
    expect(JSON.parse((await get(portFirst, path)).body).url).toBe(path);
  });

  test('carries WebSockets', async () => {
    const tlsOptions = { ca: certificate.pem, servername: idFirst };
    const socket = new WebSocket(`wss://127.0.0.1:${nginx.httpsPort}/`, {
      ...tlsOptions,
      headers: { host: idFirst },
    });
    const [first] = await once(socket, 'message');
    expect(JSON.parse(String(first))).toMatchObject({ 'x-forwarded-proto': 'https' });
    socket.send(Buffer.from([0, 1, 2]));
    expect(await once(socket, 'message')).toEqual([Buffer.from([0, 1, 2]), true]);
    socket.close(1000);
    expect((await once(socket, 'close'))[0]).toBe(1000);
  });

  test('answers as if nothing was offered where a client offers another upgrade', async () => {
    app = (_req, res) => void res.end('hello');
    const answer = await get(portFirst, '/', { connection: 'Upgrade', upgrade: 'h2c' });
    expect([answer.status, answer.body]).toEqual([200, 'hello']);
  });

  test('delivers an event while the answer is still open', async () => {
    const stream = new Promise<ServerResponse>((opened) => {
      app = (_req, res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n');
        opened(res);
      };
    });
    const req = request(portFirst, { headers: { 'accept-encoding': 'gzip' } });
    req.end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    const [first] = await once(res, 'data');
    expect(String(first)).toBe('data: first\n\n');
    (await stream).end('data: last\n\n');
    expect(await read(res)).toBe('data: last\n\n');
  });

  test('hands an upload on while it is made, and takes large ones', async () => {
    const half = Buffer.alloc(2_500_000, 'proxy ');
    const begun = new Promise<void>((resolve) => {
      app = (req, res) => {
        const hash = createHash('sha256');
        req.once('data', () => resolve());
        req.on('data', (chunk) => hash.update(chunk));
        req.on('end', () => res.end(hash.digest('hex')));
      };
    });
    const req = request(portFirst, { method: 'POST' });
    req.write(half);
    await begun;
    req.end(half);
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    const whole = createHash('sha256').update(half).update(half);
    expect(await read(res)).toBe(whole.digest('hex'));
  });

  test('lets no app steer it', async () => {
    app = (_req, res) => void res.setHeader('x-accel-redirect', '/elsewhere').end('the app’s own');
    const { status, body } = await get(portFirst);
    expect([status, body]).toEqual([200, 'the app’s own']);
  });

  test('takes as long a header as the proxy, and a head as long in the answer', async () => {
    const long = 'x'.repeat(12_000);
    app = (req, res) => void res.setHeader('x-long', req.headers['x-long'] ?? '').end();
    expect((await get(portFirst, '/', { 'x-long': long })).headers['x-long']).toBe(long);
  });

  test('answers /health on the bare domain', async () => {
    const { status, body } = await get('proxy.test', '/health');
    expect([status, JSON.parse(body).status]).toEqual([200, 'ok']);
  });

  test('sends plain HTTP to HTTPS, method kept', async () => {
    const req = http.request({
      host: '127.0.0.1',
      port: nginx.httpPort,
      method: 'POST',
      path: '/a?b=%20',
      headers: { host: portFirst },
      agent: false,
    });
    req.end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    res.resume();
    expect([res.statusCode, res.headers.location]).toEqual([308, `https://${portFirst}/a?b=%20`]);
  });

  test('has had nothing to complain about', () => {
    expect(nginx.log.filter((line) => /\[(?:warn|error|crit|alert|emerg)\]/.test(line))).toEqual(
      [],
    );
  });
});

function echoHead(req: IncomingMessage, res: ServerResponse): void {
  res.end(JSON.stringify({ url: req.url, headers: req.headers }));
}

async function read(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}
