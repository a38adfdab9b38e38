import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type tls from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { ask, codeOf, open, openWebSocket, raw, refusedUpgrade } from '../support/client.ts';
import { closeOf } from '../support/closeOf.ts';
import { echoSockets } from '../support/echo.ts';
import { eventually } from '../support/eventually.ts';
import { Flood } from '../support/flood.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';
import { type Connect, plain, tlsTo } from '../support/transport.ts';

/** Of a ClientHello of 512 bytes. */
const beginning = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);

let certificate: Certificate;
let rig: Rig;
/** What the app does; each test sets its own. */
let app: RequestListener;
let connect: Connect;

const start = async (env: Record<string, string> = {}) => {
  rig = await startRig({
    app: (req, res) => app(req, res),
    env: { TLS_CERT_FILE: certificate.certPath, TLS_KEY_FILE: certificate.keyPath, ...env },
  });
  echoSockets(rig.app);
  connect = tlsTo(rig.host(), certificate.pem);
};

beforeAll(() => {
  certificate = makeCertificate([domain]);
});
afterAll(() => certificate.remove());
afterEach(() => rig.close());

describe('HTTPS without a program in front', () => {
  beforeEach(() => start());

  test('carries a request, and tells the app that it came by https', async () => {
    app = (req, res) => void res.end(JSON.stringify(req.headers));
    const { status, body } = await ask(rig.proxy.port, { host: rig.host(), connect });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': rig.host(),
    });
  });

  test('answers health checks on the same port', async () => {
    const { status } = await ask(rig.proxy.port, { host: 'localhost', path: '/health', connect });
    expect(status).toBe(200);
  });

  test('lets an event through before the stream ends', async () => {
    let end = () => {};
    app = (_req, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('data: first\n\n');
      end = () => res.end();
    };
    const stream = await open(rig.proxy.port, { host: rig.host(), connect });
    expect(String(await once(stream, 'data'))).toBe('data: first\n\n');
    end();
    await once(stream, 'end');
  });

  test('reads an upload no faster than the app, and loses nothing of it', async () => {
    const size = 40_000_000;
    let received = 0;
    let readOn = () => {};
    app = (req, res) => {
      readOn = () => {
        req.on('data', ({ length }) => {
          received += length;
        });
        req.on('end', () => res.end('all'));
      };
    };
    const client = connect(rig.proxy.port);
    const arrived = once(rig.app, 'request');
    client.write(`POST / HTTP/1.1\r\nHost: ${rig.host()}\r\nContent-Length: ${size}\r\n\r\n`);
    const flood = new Flood(client, Buffer.alloc(100_000), size);
    await arrived;
    await flood.stalled();
    expect(flood.written).toBeLessThan(30_000_000);
    readOn();
    expect(String(await once(client, 'data'))).toMatch(/^HTTP\/1\.1 200 /);
    expect(received).toBe(size);
    client.destroy();
  });

  test('carries a WebSocket', async () => {
    const { port } = rig.proxy;
    const { socket, next } = await openWebSocket(port, rig.host(), '/', {}, connect);
    await next();
    const message = randomBytes(300_000);
    socket.send(message);
    expect((await next()).data.equals(message)).toBe(true);
    expect(rig.proxy.openWork.counts()).toMatchObject({ openWebSockets: 1, openConnections: 1 });
    socket.close();
    await once(socket, 'close');
    const { openWork } = rig.proxy;
    expect(await eventually(() => openWork.counts().openConnections === 0)).toBe(true);
  });

  test('refuses an upgrade with a whole answer, the app’s or its own', async () => {
    const { port } = rig.proxy;
    const theirs = await refusedUpgrade(port, rig.host(), '/refused', connect);
    expect(theirs).toMatchObject({ status: 403, body: 'nope' });
    const ours = await refusedUpgrade(port, rig.host(22222), '/', connect);
    expect([ours.status, codeOf(ours)]).toEqual([403, 'RESERVED_PORT']);
  });

  test('tells a client that uploads without being allowed to', async () => {
    const client = connect(rig.proxy.port);
    client.on('error', () => {});
    client.pause();
    client.write(
      `POST / HTTP/1.1\r\nHost: ${rig.host(22222)}\r\nConnection: close\r\nContent-Length: 60000000\r\n\r\n`,
    );
    await new Flood(client, Buffer.alloc(100_000), 5_000_000).stalled();
    let received = '';
    client.on('data', (chunk) => {
      received += chunk;
    });
    client.resume().end();
    await once(client, 'close');
    expect(received).toMatch(/^HTTP\/1\.1 403 [\s\S]*RESERVED_PORT/);
  });

  test('answers what is no HTTP as on a plain connection', async () => {
    expect(await raw(rig.proxy.port, 'GARBAGE\r\n\r\n', connect)).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*INVALID_REQUEST/,
    );
  });

  test('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    const by = (version: tls.SecureVersion) =>
      handshake({ minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' });
    expect(await by('TLSv1.3')).toMatchObject({ protocol: 'TLSv1.3' });
    expect(await by('TLSv1.2')).toMatchObject({ protocol: 'TLSv1.2' });
    expect(await by('TLSv1.1')).toMatchObject({ error: expect.stringMatching(/PROTOCOL_VERSION/) });
  });

  test('offers HTTP/1.1 and never HTTP/2', async () => {
    const both = await handshake({ ALPNProtocols: ['h2', 'http/1.1'] });
    expect(both).toMatchObject({ alpn: 'http/1.1' });
    const one = await handshake({ ALPNProtocols: ['h2'] });
    expect(one).toMatchObject({ error: expect.stringMatching(/NO_APPLICATION_PROTOCOL/) });
  });

  test('takes no harm from bytes that are no TLS, and logs little of them', async () => {
    const strangers = Array.from({ length: 50 }, (_, i) =>
      raw(rig.proxy.port, i % 2 ? randomBytes(500).toString('latin1') : 'GET / HTTP/1.1\r\n\r\n'),
    );
    for (const answer of await Promise.all(strangers)) expect(answer).not.toMatch(/HTTP/);
    for (let i = 0; i < 50; i++) {
      const client = plain(rig.proxy.port).on('error', () => {});
      await once(client, 'connect');
      client.write(beginning);
      client.resetAndDestroy();
    }
    app = (_req, res) => void res.end('well');
    expect((await ask(rig.proxy.port, { host: rig.host(), connect })).body).toBe('well');
    const failures = rig.logs().filter(({ event }) => event === 'tls.failed');
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.length).toBeLessThan(5);
    const { openWork } = rig.proxy;
    expect(await eventually(() => openWork.counts().openConnections === 0)).toBe(true);
  });

  test('answers half a request of a client that sends no more', async () => {
    const client = connect(rig.proxy.port);
    client.end('GET / HTTP/1.1\r\nHos');
    expect(String(await once(client, 'data'))).toMatch(/^HTTP\/1\.1 400 [\s\S]*INVALID_REQUEST/);
  });

  test.each([
    ['a request', ''],
    [
      'an upgrade',
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
    ],
    ['an upload', 'Content-Length: 100\r\n'],
  ])('survives %s that is reset while Daytona is asked', async (_what, headers) => {
    for (let i = 0; i < 20; i++) {
      const asked = rig.daytona.calls.length;
      rig.daytona.faults.apiDelayMs = 5;
      const socket = plain(rig.proxy.port).on('error', () => {});
      await once(socket, 'connect');
      const client = tlsTo(rig.host(), certificate.pem, { socket })(rig.proxy.port);
      client.on('error', () => {});
      const port = 10_000 + i; // Each its own lookup.
      client.write(`GET / HTTP/1.1\r\nHost: ${rig.host(port)}\r\n${headers}\r\n`);
      await rig.daytona.called(asked + 1);
      socket.resetAndDestroy();
      await closeOf(socket);
    }
    rig.daytona.faults.reset();
    const { openWork } = rig.proxy;
    expect(await eventually(() => openWork.counts().openConnections === 0)).toBe(true);
    app = (_req, res) => void res.end('ok');
    expect((await ask(rig.proxy.port, { host: rig.host(), connect })).body).toBe('ok');
  });

  /** Resolves with what was agreed upon, or with the code of the error. */
  async function handshake(options: tls.ConnectionOptions) {
    const socket = tlsTo(rig.host(), certificate.pem, options)(rig.proxy.port);
    const agreed = await new Promise<object>((resolve) => {
      socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve({ error: code }));
      socket.once('secureConnect', () =>
        resolve({ protocol: socket.getProtocol(), alpn: socket.alpnProtocol }),
      );
    });
    socket.destroy();
    return agreed;
  }
});

describe('A session by HTTPS', () => {
  test('is kept in a cookie that only HTTPS and only this host see', async () => {
    await start({ ACCESS_MODE: 'private' });
    app = (_req, res) => void res.end('in');
    const answer = await ask(rig.proxy.port, {
      host: rig.host(),
      path: `/?DAYTONA_SANDBOX_AUTH_KEY=${rig.sandbox.token}`,
      headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
      connect,
    });
    expect([answer.status, answer.headers.location]).toEqual([303, `https://${rig.host()}/`]);
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(/^__Host-[^;]+; Path=\/; .*; Secure$/);
    const headers = { cookie: cookie.split(';')[0] };
    expect((await ask(rig.proxy.port, { host: rig.host(), headers, connect })).body).toBe('in');
  });
});

test('A head that does not come is not waited for behind a handshake either', async () => {
  await start({ HEADERS_TIMEOUT_MS: '1000' });
  const answer = await raw(rig.proxy.port, 'GET / HTTP/1.1\r\nHost: ', connect);
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
});
