import { once } from 'node:events';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { describeWith } from '../support/binary.ts';
import { startCaddy } from '../support/caddy.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';

describeWith('caddy', 'Caddy in front, from the configuration that ships', () => {
  let rig: Rig;
  let certificate: Certificate;
  let caddy: Awaited<ReturnType<typeof startCaddy>>;
  let port: number;
  let echo: WebSocketServer;
  /** What the app does; each test sets its own. */
  let app: RequestListener;

  beforeAll(async () => {
    rig = await startRig({
      app: (req, res) => app(req, res),
      env: { TRUSTED_PROXIES: '127.0.0.1/32' },
    });
    echo = new WebSocketServer({ noServer: true });
    rig.app.on('upgrade', (req, socket, head) =>
      echo.handleUpgrade(req, socket as Socket, head, (ws) => ws.send('hello')),
    );
    certificate = makeCertificate([domain]);
    caddy = await startCaddy({ certificate, upstreamPort: rig.proxy.port });
    port = caddy.httpsPort;
  });

  afterAll(async () => {
    echo.close();
    await caddy.close();
    await rig.close();
    certificate.remove();
  });

  const get = async (path = '/', headers: Record<string, string> = {}) => {
    const req = https.request({
      host: '127.0.0.1',
      port,
      path,
      servername: rig.host(),
      ca: certificate.pem,
      agent: false,
      headers: { ...headers, host: rig.host() },
    });
    req.end();
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    return res;
  };

  test('tells the app who came and how, whatever the visitor claims', async () => {
    app = (req, res) => void res.end(JSON.stringify({ url: req.url, headers: req.headers }));
    const path = '/a//b/%2e%2f/d%20e?q=%zz&r=a;b';
    const res = await get(path, {
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'http',
      'x-request-id': 'mine',
      origin: `https://${rig.host()}`,
    });
    const seen = JSON.parse(await read(res));
    expect(seen.url).toBe(path);
    expect(seen.headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'https',
      origin: 'http://localhost:3000',
    });
    expect(seen.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(seen.headers['accept-encoding']).toBeUndefined();
  });

  test('carries WebSockets', async () => {
    const tlsOptions = { ca: certificate.pem, servername: rig.host() };
    const socket = new WebSocket(`wss://127.0.0.1:${port}/`, {
      ...tlsOptions,
      headers: { host: rig.host() },
    });
    const [first] = await once(socket, 'message');
    expect(String(first)).toBe('hello');
    socket.close(1000);
    expect((await once(socket, 'close'))[0]).toBe(1000);
  });

  test('delivers an event while the answer is still open', async () => {
    const stream = new Promise<ServerResponse>((opened) => {
      app = (_req, res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n');
        opened(res);
      };
    });
    const res = await get();
    const [first] = await once(res, 'data');
    expect(String(first)).toBe('data: first\n\n');
    (await stream).end('data: last\n\n');
    expect(await read(res)).toBe('data: last\n\n');
  });
});

async function read(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}
