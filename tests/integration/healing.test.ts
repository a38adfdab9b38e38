import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { ask, codeOf, openWebSocket, raw } from '../support/client.ts';
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

/** As Daytona's edge refuses in these tests: with the way to its login, or with a 401 of JSON. */
let newerRefusal = false;

/** Starts with a link in the cache, then renews the token behind the proxy's back. */
async function renewed(options: RigOptions = {}): Promise<void> {
  seen = [];
  rig = await startRig({ app, ...options });
  rig.daytona.faults.newerRefusal = newerRefusal;
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

describe.each([
  ['the way to a login', false],
  ['401 and JSON', true],
])('a token that was renewed, refused with %s,', (_how, newer) => {
  beforeEach(() => {
    newerRefusal = newer;
  });
  afterEach(() => {
    newerRefusal = false;
  });

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

  test('goes unnoticed by HEAD, whose refusal has no body to be told by', async () => {
    await renewed();
    const head = () => ask(rig.proxy.port, { host: rig.host(), method: 'HEAD' });
    const answers = await Promise.all(Array.from({ length: 20 }, head));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(lookups()).toBe(1);
    expect(seen.filter((line) => line.startsWith('HEAD'))).toHaveLength(20);
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

  test('has a body in more pieces than its bytes are worth not kept', async () => {
    await renewed();
    const head = `POST / HTTP/1.1\r\nHost: ${rig.host()}\r\nConnection: close\r\n`;
    const body = `Transfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(20_000)}0\r\n\r\n`;
    expect(await raw(rig.proxy.port, head + body)).toMatch(/^HTTP\/1\.1 503 .*ACCESS_RENEWED/s);
    expect(seen).toEqual([]);
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

describe('an answer to HEAD that looks like a refusal', () => {
  const json = { 'content-type': 'application/json' };
  const head = () => ask(rig.proxy.port, { host: rig.host(), method: 'HEAD' });

  test.each([
    ['stopped', (at: Rig) => at.daytona.sandboxes.stop(at.sandbox)],
    ['deleted', (at: Rig) => at.daytona.sandboxes.delete(at.sandbox)],
  ])('is Daytona’s where the sandbox has been %s', async (_what, change) => {
    seen = [];
    rig = await startRig({ app });
    expect((await head()).status).toBe(200);
    change(rig);
    const { status, headers } = await head();
    const code = status === 404 ? 'SANDBOX_NOT_FOUND' : 'SANDBOX_NOT_RUNNING';
    expect([status, headers['x-proxy-error']]).toEqual([status === 404 ? 404 : 503, code]);
  });

  test.each([
    [400, { ...json, 'content-length': 20 }],
    [401, { ...json, 'content-length': 20 }],
    [404, json],
  ])(
    'and is the app’s, with %i, is passed on, and costs the app one look',
    async (status, fields) => {
      seen = [];
      rig = await startRig({
        app: (req, res) => {
          seen.push(req.method ?? '');
          res.writeHead(status, fields).end(req.method === 'HEAD' ? '' : '{"message":"not here"}');
        },
      });
      for (let i = 0; i < 20; i++) {
        const answer = await head();
        expect([answer.status, answer.headers['x-proxy-error']]).toEqual([status, undefined]);
      }
      expect(seen.filter((method) => method === 'GET')).toHaveLength(1);
      expect(lookups()).toBe(1);
    },
  );

  test('is looked into again for another status', async () => {
    seen = [];
    rig = await startRig({
      app: (req, res) => {
        seen.push(req.method ?? '');
        if (req.method === 'HEAD') res.writeHead(404, { ...json, 'content-length': 20 });
        res.end();
      },
    });
    expect((await head()).status).toBe(404);
    rig.daytona.faults.newerRefusal = true;
    renew();
    expect((await head()).status).toBe(404);
    expect(lookups()).toBe(2);
  });
});

describe('a refusal that the app forges', () => {
  const login = {
    'set-cookie': 'pkce_verifier=x',
    location: 'https://login.example.com/?redirect_uri=https%3A%2F%2Fpreview.localhost%2Fcallback',
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
    [502, { 'x-powered-by': 'an app' }, ''],
    // Word for word what Daytona's edge says; but Daytona itself says that the sandbox runs.
    [400, json, '{"message":"bad request: no IP address found. Is the Sandbox started?"}'],
    [400, json, '{"message":"bad request: failed to get runner info: 404"}'],
    [404, json, '{"message":"sandbox container not found"}'],
    [
      307,
      {
        'set-cookie': 'pkce_verifier=x',
        location: 'https://login.example.com/?redirect_uri=https%3A%2F%2Fx%2Fcallback',
      },
      '',
    ],
  ])('with status %i is passed on untouched', async (status, headers, body) => {
    let times = 0;
    rig = await startRig({
      app: (_req, res) => {
        times += 1;
        res.writeHead(status, { ...headers, 'content-length': body.length }).end(body);
      },
    });
    const answer = await ask(rig.proxy.port, { host: rig.host(), method: 'POST', body: 'x' });
    expect(times).toBe(1);
    expect([answer.status, answer.body]).toEqual([status, body]);
    expect(answer.headers['x-proxy-error']).toBeUndefined();
  });
});

describe('who was let in by what is no longer true', () => {
  test('does not come to the sandbox that has taken over the name', async () => {
    seen = [];
    const env = { ACCESS_MODE: 'protected' };
    rig = await startRig({ app, env, sandbox: { name: 'shop', public: true } });
    const ours = { host: '3000-shop.proxy.test', method: 'POST', body: 'x' };
    expect((await ask(rig.proxy.port, ours)).status).toBe(200);
    seen.length = 0;
    const port = rig.sandbox.ports.get(3000) ?? 0;
    rig.daytona.sandboxes.delete(rig.sandbox);
    rig.daytona.sandboxes.create({ name: 'shop' }).ports.set(3000, port);
    const answer = await ask(rig.proxy.port, ours);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(seen).toEqual([]);
  });

  test('does not come to a sandbox that has gone private while it was started', async () => {
    seen = [];
    const env = { ACCESS_MODE: 'protected' };
    rig = await startRig({ app, env, sandbox: { state: 'stopped', public: true } });
    rig.daytona.faults.startMs = 1_000;
    const answer = ask(rig.proxy.port, { host: rig.host(), method: 'POST', body: 'x' });
    await once(rig.daytona.sandboxes, 'state');
    rig.sandbox.public = false;
    expect([(await answer).status, codeOf(await answer)]).toEqual([503, 'ACCESS_RENEWED']);
    expect(seen.filter((line) => line.startsWith('POST'))).toEqual([]);
  });

  test('is asked anew where a public sandbox has gone private, and comes in with a key', async () => {
    seen = [];
    const env = { ACCESS_MODE: 'protected' };
    rig = await startRig({ app, env, sandbox: { public: true } });
    const headers = { authorization: `Bearer ${rig.daytona.apiKey}` };
    const get = (more = {}) => ask(rig.proxy.port, { host: rig.host(), ...more });
    expect((await get()).status).toBe(200);
    rig.sandbox.public = false;
    expect((await get()).status).toBe(503);
    expect((await get()).status).toBe(401);
    expect((await get({ headers })).status).toBe(200);
  });
});

test('guesses of others do not take a known sandbox down', async () => {
  rig = await startRig({ app, env: { LOOKUP_MISSES: '5', CACHE_TTL: '500' } });
  seen = [];
  expect((await ask(rig.proxy.port, { host: rig.host() })).status).toBe(200);
  for (let i = 0; i < 5; i++) {
    await ask(rig.proxy.port, { host: `3000-no-such-sandbox-${i}.proxy.test` });
  }
  const stranger = await ask(rig.proxy.port, { host: '3000-one-more.proxy.test' });
  expect([stranger.status, codeOf(stranger)]).toEqual([503, 'TOO_MANY_MISSES']);
  const statuses = new Set<number>();
  for (const end = performance.now() + 1_500; performance.now() < end; ) {
    statuses.add((await ask(rig.proxy.port, { host: rig.host() })).status);
  }
  expect(statuses).toEqual(new Set([200]));
});
