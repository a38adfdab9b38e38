import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { ask, codeOf, openWebSocket } from '../support/client.ts';
import { type Rig, type RigOptions, startRig } from '../support/rig.ts';

let rig: Rig;
afterEach(() => rig.close());

const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex');

/** Requests that reached the app: their method, and a digest of their body. */
let seen: string[];
const app = async (req: IncomingMessage, res: ServerResponse) => {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  seen.push(`${req.method} ${digest(Buffer.concat(chunks))}`);
  res.end('the app');
};

/** Starts with a link in the cache, then renews the token behind the proxy's back. */
async function renewed(options: RigOptions = {}): Promise<void> {
  seen = [];
  rig = await startRig({ app, ...options });
  expect((await ask(rig.proxy.port, { host: rig.host() })).status).toBe(200);
  seen.length = 0;
  rig.daytona.calls.length = 0;
  renew();
}

function renew(): void {
  rig.daytona.sandboxes.stop(rig.sandbox);
  rig.daytona.sandboxes.start(rig.sandbox);
}

const lookups = () => rig.daytona.calls.filter(({ path }) => path.endsWith('preview-url')).length;

describe('a token that was renewed', () => {
  test('goes unnoticed, at the cost of one lookup', async () => {
    await renewed();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => ask(rig.proxy.port, { host: rig.host() })),
    );
    expect(answers.map(({ status, body }) => `${status} ${body}`)).toEqual(
      Array(50).fill('200 the app'),
    );
    expect(lookups()).toBe(1);
  });

  test.each([
    ['a length', {}],
    ['chunks', { 'transfer-encoding': 'chunked' }],
  ])('is sent a body with %s once more, whole, and the app sees it once', async (_how, headers) => {
    await renewed();
    const body = randomBytes(200_000);
    const { host, port } = { host: rig.host(), port: rig.proxy.port };
    const answer = await ask(port, { host, method: 'POST', headers, body });
    expect(answer.body).toBe('the app');
    expect(seen).toEqual([`POST ${digest(body)}`]);
  });

  test('asks to try again with a body that is too large to keep, and then it works', async () => {
    await renewed();
    const body = randomBytes(1_000_000);
    const request = { host: rig.host(), method: 'PUT', body };
    const first = await ask(rig.proxy.port, request);
    expect([first.status, codeOf(first), first.headers['retry-after']]).toEqual([
      503,
      'ACCESS_RENEWED',
      '1',
    ]);
    expect(seen).toEqual([]);
    expect((await ask(rig.proxy.port, request)).body).toBe('the app');
    expect(seen).toEqual([`PUT ${digest(body)}`]);
  });

  test('has a WebSocket dialled again before the client gets its answer', async () => {
    await renewed();
    const server = new WebSocketServer({ server: rig.app });
    server.on('connection', (socket) => socket.send('hello'));
    const { next, socket } = await openWebSocket(rig.proxy.port, rig.host());
    expect(String((await next()).data)).toBe('hello');
    socket.terminate();
    server.close();
  });

  test('is waited for where Daytona’s own lookup still tells the old one', async () => {
    await renewed();
    expect((await ask(rig.proxy.port, { host: rig.host() })).status).toBe(200);
    seen.length = 0;
    rig.daytona.calls.length = 0;
    rig.daytona.faults.staleLookupMs = 700;
    renew();
    expect((await ask(rig.proxy.port, { host: rig.host(), method: 'POST' })).body).toBe('the app');
    expect(lookups()).toBe(2);
    expect(seen).toHaveLength(1);
  });
});

describe('a refusal that the app forges', () => {
  const login = {
    'set-cookie': 'pkce_verifier=x',
    location: 'https://login.example.com/?redirect_uri=https%3A%2F%2Fx%2Fcallback',
  };

  test('has nothing sent twice, and asks Daytona twice and then no more for a while', async () => {
    seen = [];
    rig = await startRig({
      app: (req, res) => {
        seen.push(req.method ?? '');
        res.writeHead(307, login).end();
      },
    });
    const request = { host: rig.host(), method: 'POST', body: 'x' };
    const first = await ask(rig.proxy.port, request);
    expect([first.status, codeOf(first)]).toEqual([503, 'ACCESS_RENEWED']);
    expect(seen).toEqual(['POST']);
    const asked = lookups();
    for (let i = 0; i < 20; i++) await ask(rig.proxy.port, request);
    expect(lookups()).toBe(asked);
    expect(seen).toHaveLength(21);
  });
});

describe('an answer of the app’s own', () => {
  const json = { 'content-type': 'application/json' };
  test.each([
    [307, { location: 'https://login.example.com/?redirect_uri=https%3A%2F%2Fx%2Fcallback' }, ''],
    [307, { 'set-cookie': 'pkce_verifier=x', location: '/login' }, ''],
    [401, json, '{"code":"UNAUTHORIZED","message":"log in first"}'],
    [401, json, '{"message":"unauthorized: authentication failed"}'],
    [400, json, '{"message":"no IP address"}'],
    [404, json, '{"message":"no such container"}'],
    [502, { 'content-type': 'text/plain' }, 'bad gateway'],
    [502, { 'content-type': 'text/plain' }, ''],
  ])('with status %i is passed on untouched', async (status, headers, body) => {
    rig = await startRig({
      app: (_req, res) => {
        res.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
      },
    });
    const answer = await ask(rig.proxy.port, { host: rig.host(), method: 'POST', body: 'x' });
    expect([answer.status, answer.body]).toEqual([status, body]);
    expect(answer.headers['x-proxy-error']).toBeUndefined();
  });
});

describe('what is known of a sandbox in use', () => {
  test('is asked for anew before it expires, so that nobody waits', async () => {
    const ttlMs = 2_000;
    const delayMs = 300;
    rig = await startRig({ app, env: { CACHE_TTL: String(ttlMs) } });
    seen = [];
    expect((await ask(rig.proxy.port, { host: rig.host() })).status).toBe(200);
    rig.daytona.faults.apiDelayMs = delayMs;
    let slowest = 0;
    for (const end = performance.now() + 2 * ttlMs; performance.now() < end; ) {
      const start = performance.now();
      expect((await ask(rig.proxy.port, { host: rig.host() })).status).toBe(200);
      slowest = Math.max(slowest, performance.now() - start);
    }
    expect(lookups()).toBeGreaterThan(1);
    expect(slowest).toBeLessThan(delayMs);
  });

  test('serves for a while longer where Daytona does not answer, and no longer', async () => {
    rig = await startRig({ app, env: { CACHE_TTL: '300', STALE_IF_ERROR_MS: '1000' } });
    seen = [];
    const status = async () => (await ask(rig.proxy.port, { host: rig.host() })).status;
    expect(await status()).toBe(200);
    rig.daytona.faults.apiStatus = 500;
    const begun = performance.now();
    let last = 200;
    while (last === 200) last = await status();
    const served = performance.now() - begun;
    expect(last).toBe(503);
    expect(served).toBeGreaterThan(1_000);
    expect(served).toBeLessThan(2_500);
  });
});
