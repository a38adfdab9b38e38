import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Sandbox } from '../../src/demo/sandboxes.ts';
import { type Ask, ask, codeOf, open, openWebSocket, refusedUpgrade } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
afterEach(() => rig.close());

const browser = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
};
const page = { ...browser, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

async function start(
  env: Record<string, string> = {},
  sandbox: Partial<Sandbox> = { state: 'stopped' },
): Promise<void> {
  rig = await startRig({
    app: (req, res) => res.end(`${req.method} ${req.url}`),
    env: { WAKE_HOLD_MS: '10000', ...env },
    sandbox,
  });
}

const request = (more: Partial<Ask> = {}) =>
  ask(rig.proxy.port, { host: rig.host(), method: 'POST', body: 'x', ...more });
const visit = (more: Partial<Ask> = {}) =>
  ask(rig.proxy.port, { host: rig.host(), headers: page, ...more });
const starts = () => rig.daytona.callsOf('POST', /\/start$/).length;

describe('a sandbox that sleeps', () => {
  test.each(['stopped', 'archived', 'paused'])(
    '%s is started by a write, which is held',
    async (state) => {
      await start({}, { state });
      rig.daytona.faults.startMs = 300;
      const answer = await request({ path: '/save?x' });
      expect([answer.status, answer.body]).toEqual([200, 'POST /save?x']);
      expect(starts()).toBe(1);
    },
  );

  test('is started once for all who wait', async () => {
    await start();
    rig.daytona.faults.startMs = 300;
    const answers = await Promise.all(Array.from({ length: 20 }, () => request()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(starts()).toBe(1);
  });

  test('is waited for until the port really answers', async () => {
    await start();
    rig.daytona.faults.listenMs = 1_200;
    const begun = performance.now();
    expect((await request()).status).toBe(200);
    expect(performance.now() - begun).toBeGreaterThan(1_200);
  });

  test('shows a person a live page at once, and tells it each state until the app answers', async () => {
    await start();
    rig.daytona.faults.startMs = 1_500;
    const answer = await visit({ path: '/docs?a=1' });
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([503, 'SANDBOX_STARTING']);
    expect(answer.body).toContain('Your sandbox is starting');
    expect(answer.headers['content-security-policy']).toMatch(
      /script-src 'sha256-.*connect-src 'self'/,
    );
    const stream = await ask(rig.proxy.port, {
      host: rig.host(),
      path: '/docs?a=1&DAYTONA_PROXY_WAKE=1',
      headers: { accept: 'text/event-stream' },
    });
    expect(stream.headers['content-type']).toMatch(/^text\/event-stream/);
    const events = stream.body.match(/(?<=^event: ).*\ndata: .*$/gm);
    expect(events?.slice(-4)).toEqual([
      'state\ndata: starting',
      'state\ndata: started',
      'state\ndata: waiting for the port',
      'ready\ndata: ',
    ]);
    expect((await visit({ path: '/docs?a=1' })).body).toBe('GET /docs?a=1');
    expect(starts()).toBe(1);
  });

  test.each([
    ['a program’s GET', { headers: {} }],
    ['a favicon', { path: '/favicon.ico', headers: page }],
    ['a prefetch', { headers: { ...page, 'sec-purpose': 'prefetch' } }],
    ['a prerender', { headers: { ...page, 'sec-purpose': 'prefetch;prerender' } }],
    ['an event stream', { headers: { ...browser, accept: 'text/event-stream' } }],
    [
      'a script of a page',
      {
        headers: {
          ...browser,
          accept: '*/*',
          'sec-fetch-mode': 'no-cors',
          'sec-fetch-dest': 'script',
        },
      },
    ],
    [
      'a crawler',
      {
        headers: {
          ...page,
          'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
        },
      },
    ],
    [
      'a link preview',
      { headers: { accept: 'text/html', 'user-agent': 'Slackbot-LinkExpanding 1.0' } },
    ],
  ])('is not started by %s', async (_what, more) => {
    await start();
    const answer = await visit(more);
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([503, 'SANDBOX_NOT_RUNNING']);
    expect(starts()).toBe(0);
  });

  test('is started by a write that would also take an event stream', async () => {
    await start();
    const headers = { accept: 'application/json, text/event-stream' };
    expect((await request({ headers })).status).toBe(200);
  });

  test('is started by a write although somebody waits already who may not start it', async () => {
    await start({}, { state: 'stopping' });
    const reader = request({ method: 'GET', body: '' });
    await rig.daytona.called(2);
    const writer = request();
    await rig.daytona.called(4);
    rig.sandbox.state = 'stopped';
    expect([(await writer).status, (await reader).status]).toEqual([200, 200]);
  });

  test('has no place of another one’s, however many of its ports are asked for', async () => {
    await start({ WAKE_MAX: '2' });
    rig.daytona.faults.startMs = 300;
    const other = rig.daytona.sandboxes.create({ state: 'stopped' });
    other.ports.set(3000, rig.sandbox.ports.get(3000) ?? 0);
    const headers = { 'x-proxy-wait': '0' };
    for (let port = 4000; port < 4020; port++) await request({ host: rig.host(port), headers });
    expect((await request({ host: rig.host(3000, other) })).status).toBe(200);
  });

  test('leaves a write to the app that only looks like the page’s question', async () => {
    await start({}, { state: 'started' });
    const path = '/orders?DAYTONA_PROXY_WAKE=1';
    expect((await request({ path })).body).toBe(`POST ${path}`);
    expect((await request({ path, method: 'GET', body: '' })).body).toBe(`GET ${path}`);
  });

  test('is not started by who does not pass access control', async () => {
    await start({ ACCESS_MODE: 'private' });
    expect((await request()).status).toBe(401);
    expect((await visit()).status).toBe(303);
    const watch = { path: '/?DAYTONA_PROXY_WAKE=1', headers: { accept: 'text/event-stream' } };
    expect((await visit(watch)).status).toBe(401);
    expect(starts()).toBe(0);
  });

  test('is not started by the page that waits for it', async () => {
    await start();
    const watch = { path: '/?DAYTONA_PROXY_WAKE=1', headers: { accept: 'text/event-stream' } };
    expect((await visit(watch)).body).toBe('event: failed\ndata: It is stopped.\n\n');
    expect(starts()).toBe(0);
  });

  test('is left alone with WAKE=off', async () => {
    await start({ WAKE: 'off' });
    expect((await request()).status).toBe(503);
    expect((await visit()).body).not.toContain('<script>');
    expect(starts()).toBe(0);
  });

  test('is started by a WebSocket with WAKE=any, and else not', async () => {
    await start({ WAKE: 'any' });
    new WebSocketServer({ server: rig.app }).on('connection', (socket) => socket.send('hello'));
    const { next, socket } = await openWebSocket(rig.proxy.port, rig.host());
    expect(String((await next()).data)).toBe('hello');
    socket.terminate();
    await rig.close();
    await start();
    expect(codeOf(await refusedUpgrade(rig.proxy.port, rig.host()))).toBe('SANDBOX_NOT_RUNNING');
  });

  test('answers a program at once that does not want to wait', async () => {
    await start();
    rig.daytona.faults.startMs = 500;
    const impatient = await request({ headers: { 'x-proxy-wait': '0' } });
    expect([impatient.status, codeOf(impatient), impatient.headers['retry-after']]).toEqual([
      503,
      'SANDBOX_STARTING',
      '3',
    ]);
    expect((await request()).status).toBe(200);
    expect(starts()).toBe(1);
  });

  test('answers 503 to a program that has waited for WAKE_HOLD_MS', async () => {
    await start({ WAKE_HOLD_MS: '100' });
    rig.daytona.faults.startMs = 60_000;
    const answer = await request();
    expect([answer.status, codeOf(answer)]).toEqual([503, 'SANDBOX_STARTING']);
    expect(answer.headers['retry-after']).toBeDefined();
  });

  test('is not started again within the cooldown', async () => {
    await start();
    expect((await request()).status).toBe(200);
    rig.sandbox.state = 'error';
    rig.sandbox.state = 'stopped';
    const answer = await request({ headers: { 'x-proxy-wait': '0' } });
    expect(answer.status).toBe(503);
    expect(starts()).toBe(1);
  });

  test('says why Daytona does not start it', async () => {
    await start();
    rig.daytona.faults.startStatus = 403;
    const answer = await request();
    expect([answer.status, codeOf(answer)]).toEqual([503, 'START_REFUSED']);
  });

  test('in error is not started', async () => {
    await start({}, { state: 'error' });
    expect(codeOf(await request())).toBe('SANDBOX_NOT_RUNNING');
    expect(starts()).toBe(0);
  });

  test('that somebody else is starting is waited for by every program', async () => {
    await start({}, { state: 'starting' });
    const answer = request({ method: 'GET', body: '' });
    await rig.daytona.called(2);
    rig.sandbox.state = 'started';
    expect((await answer).status).toBe(200);
    expect(starts()).toBe(0);
  });

  test('counts against a bound for all', async () => {
    await start({ WAKE_MAX: '1' });
    rig.daytona.faults.startMs = 60_000;
    const other = rig.daytona.sandboxes.create({ state: 'stopped' });
    await request({ headers: { 'x-proxy-wait': '0' } });
    const answer = await request({ host: rig.host(3000, other) });
    expect([answer.status, codeOf(answer)]).toEqual([503, 'TOO_MANY_STARTS']);
  });

  test('is noticed at the edge, and started with the very request that found out', async () => {
    await start({}, { state: 'started' });
    expect((await request()).status).toBe(200);
    rig.sandbox.state = 'stopped';
    expect((await request({ body: 'kept' })).status).toBe(200);
    expect(starts()).toBe(1);
  });

  test('does not hold a client that has left', async () => {
    await start();
    rig.daytona.faults.startMs = 60_000;
    const answer = open(rig.proxy.port, { host: rig.host(), method: 'POST' }).catch(() => 'left');
    expect(await eventually(() => starts() === 1)).toBe(true);
    rig.proxy.openWork.destroyAll();
    expect(await answer).toBe('left');
    expect(await eventually(() => rig.proxy.openWork.counts().openRequests === 0)).toBe(true);
  });
});

describe('use of a sandbox', () => {
  const reports = () => rig.daytona.callsOf('POST', /last-activity$/).length;
  const running = { state: 'started' };

  test('is reported once in a while, and not counted by Daytona’s edge', async () => {
    await start({}, running);
    const before = rig.sandbox.lastActivityAt;
    for (let i = 0; i < 5; i++) await request();
    expect(await eventually(() => reports() === 1)).toBe(true);
    expect(reports()).toBe(1);
    expect(rig.sandbox.lastActivityAt > before).toBe(true);
  });

  test('is not what a forgotten tab does', async () => {
    await start({}, running);
    const before = rig.sandbox.lastActivityAt;
    await visit({ headers: { accept: 'text/event-stream' } });
    await visit({ path: '/favicon.ico' });
    expect(reports()).toBe(0);
    expect(rig.sandbox.lastActivityAt).toBe(before);
  });

  test('is what a person types into a WebSocket, and not its pings and pongs', async () => {
    await start({}, running);
    const server = new WebSocketServer({ server: rig.app });
    server.on('connection', (socket) => socket.ping());
    const { socket } = await openWebSocket(rig.proxy.port, rig.host());
    const ponged = once([...server.clients][0] as WebSocket, 'pong');
    socket.ping();
    await Promise.all([ponged, once(socket, 'pong')]);
    expect(reports()).toBe(0);
    socket.send('ls');
    expect(await eventually(() => reports() === 1)).toBe(true);
    socket.terminate();
  });

  test('is an open connection too with ACTIVITY=connection', async () => {
    await start({ ACTIVITY: 'connection' }, running);
    await visit({ headers: { accept: 'text/event-stream' } });
    expect(await eventually(() => reports() === 1)).toBe(true);
  });

  test('is left to Daytona’s edge with ACTIVITY=edge', async () => {
    await start({ ACTIVITY: 'edge' }, running);
    const before = rig.sandbox.lastActivityAt;
    await request();
    expect(rig.sandbox.lastActivityAt > before).toBe(true);
    expect(reports()).toBe(0);
  });
});

test('an API that is away for a moment does not end a start', async () => {
  await start();
  rig.daytona.faults.startMs = 1_500;
  const answer = request();
  await rig.daytona.called(2);
  expect(await eventually(() => starts() === 1)).toBe(true);
  await rig.daytona.stopApi();
  await once(rig.daytona.sandboxes, 'state');
  await rig.daytona.startApi();
  expect((await answer).status).toBe(200);
});
