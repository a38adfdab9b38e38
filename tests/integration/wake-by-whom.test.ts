import { afterEach, describe, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { codeOf, openWebSocket, refusedUpgrade } from '../support/client.ts';
import { browser, page, type Sleeper, startSleeper } from '../support/sleeper.ts';

let rig: Sleeper;
afterEach(() => rig.close());

describe('a sandbox that sleeps', () => {
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
    rig = await startSleeper();
    const answer = await rig.visit(more);
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([503, 'SANDBOX_NOT_RUNNING']);
    expect(rig.starts()).toBe(0);
  });

  test('is started by a write that would also take an event stream', async () => {
    rig = await startSleeper();
    const headers = { accept: 'application/json, text/event-stream' };
    expect((await rig.request({ headers })).status).toBe(200);
  });

  test('leaves a write to the app that only looks like the page’s question', async () => {
    rig = await startSleeper({}, { state: 'started' });
    const path = '/orders?DAYTONA_PROXY_WAKE=1';
    expect((await rig.request({ path })).body).toBe(`POST ${path}`);
    expect((await rig.request({ path, method: 'GET', body: '' })).body).toBe(`GET ${path}`);
  });

  test('is not started by who does not pass access control', async () => {
    rig = await startSleeper({ ACCESS_MODE: 'private' });
    expect((await rig.request()).status).toBe(401);
    expect((await rig.visit()).status).toBe(303);
    const watch = { path: '/?DAYTONA_PROXY_WAKE=1', headers: { accept: 'text/event-stream' } };
    expect((await rig.visit(watch)).status).toBe(401);
    expect(rig.starts()).toBe(0);
  });

  test('is not started by the page that waits for it', async () => {
    rig = await startSleeper();
    const watch = { path: '/?DAYTONA_PROXY_WAKE=1', headers: { accept: 'text/event-stream' } };
    expect((await rig.visit(watch)).body).toBe('event: failed\ndata: It is stopped.\n\n');
    expect(rig.starts()).toBe(0);
  });

  test('is not started with WAKE=any by a forgotten tab that reads events with a script', async () => {
    rig = await startSleeper({ WAKE: 'any' });
    for (const headers of [
      { ...browser, accept: 'application/json, text/event-stream' },
      { ...browser, accept: '*/*', 'last-event-id': '7' },
    ]) {
      expect(codeOf(await rig.visit({ headers }))).toBe('SANDBOX_NOT_RUNNING');
    }
    expect(rig.starts()).toBe(0);
  });

  test('is left alone with WAKE=off', async () => {
    rig = await startSleeper({ WAKE: 'off' });
    expect((await rig.request()).status).toBe(503);
    expect((await rig.visit()).body).not.toContain('<script>');
    expect(rig.starts()).toBe(0);
  });

  test('is started by a WebSocket with WAKE=any, and else not', async () => {
    rig = await startSleeper({ WAKE: 'any' });
    new WebSocketServer({ server: rig.app }).on('connection', (socket) => socket.send('hello'));
    const { next, socket } = await openWebSocket(rig.proxy.port, rig.host());
    expect(String((await next()).data)).toBe('hello');
    socket.terminate();
    await rig.close();
    rig = await startSleeper();
    expect(codeOf(await refusedUpgrade(rig.proxy.port, rig.host()))).toBe('SANDBOX_NOT_RUNNING');
  });

  test('in error is not started', async () => {
    rig = await startSleeper({}, { state: 'error' });
    expect(codeOf(await rig.request())).toBe('SANDBOX_NOT_RUNNING');
    expect(rig.starts()).toBe(0);
  });
});
