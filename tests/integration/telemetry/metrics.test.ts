import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ask, codeOf, open as openStream, openWebSocket } from '../../support/client.ts';
import { echoSockets } from '../../support/echo.ts';
import { eventually } from '../../support/eventually.ts';
import { type Rig, startRig } from '../../support/rig.ts';
import { samplesIn, sumOf } from '../../support/scrape.ts';

let rig: Rig;
afterEach(() => rig.close());

const token = 'a-stats-token-for-tests';
const prefix = 'daytona_proxy_';
const scrape = async () =>
  (await ask(rig.proxy.port, { host: 'localhost', path: '/metrics' })).body;
const sum = async (name: string, labels?: Record<string, string>) =>
  sumOf(await scrape(), prefix + name, labels);
const becomes = (name: string, labels: Record<string, string>, value: number) =>
  eventually(async () => (await sum(name, labels)) === value, 3_000);
const get = (path = '/', more = {}) => ask(rig.proxy.port, { host: rig.host(), path, ...more });

describe('/metrics', () => {
  test('is for whoever may read /stats, as Prometheus reads it', async () => {
    rig = await startRig({ env: { STATS_TOKEN: token } });
    const from = (headers: Record<string, string>, host = 'proxy.test') =>
      ask(rig.proxy.port, { host, path: '/metrics', headers });
    const afar = { 'x-forwarded-for': '203.0.113.9' };
    const refused = await from(afar);
    expect([refused.status, codeOf(refused)]).toEqual([401, 'UNAUTHORIZED']);
    expect(
      (await from({ ...afar, authorization: 'Bearer another-token-of-somebody' })).status,
    ).toBe(401);
    const allowed = await from({ ...afar, authorization: `Bearer ${token}` });
    expect([allowed.status, allowed.headers['content-type']]).toEqual([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    expect((await from({}, 'localhost')).status).toBe(401);
    await rig.close();
    rig = await startRig();
    expect((await from({}, 'localhost')).status).toBe(200);
  });

  test('is the app’s own path on a sandbox’s host', async () => {
    rig = await startRig({ app: (_req, res) => void res.end('of the app') });
    expect((await get('/metrics')).body).toBe('of the app');
  });

  test('has a port of its own where that is set, and then nothing else has it', async () => {
    rig = await startRig({ env: { METRICS_PORT: '0' } });
    const port = rig.proxy.metricsPort ?? 0;
    const own = await ask(port, { host: '127.0.0.1', path: '/metrics?x=1' });
    expect([own.status, sumOf(own.body, 'daytona_proxy_info')]).toEqual([200, 1]);
    expect((await ask(port, { host: 'localhost', path: '/stats' })).status).toBe(404);
    const rebound = await ask(port, { host: 'rebound.evil.test', path: '/metrics' });
    expect([rebound.status, rebound.body.includes('daytona')]).toEqual([403, false]);
    expect((await ask(port, { host: 'localhost', path: '/metrics', method: 'POST' })).status).toBe(
      404,
    );
    expect((await ask(rig.proxy.port, { host: 'localhost', path: '/metrics' })).status).toBe(400);
  });

  test('names no sandbox, no visitor and no method that nobody knows', async () => {
    rig = await startRig();
    await get();
    await get('/a-path', { method: 'BREW' }).catch(() => {});
    await get('/a-path', { method: 'PROPFIND' });
    await ask(rig.proxy.port, { host: '3000-a-guess.proxy.test' });
    const text = await scrape();
    expect(sumOf(text, `${prefix}request_duration_seconds_count`, { method: 'other' })).toBe(1);
    const values = samplesIn(text)
      .flatMap(({ labels }) => Object.values(labels))
      .join('\n');
    expect(values).toContain('other');
    for (const word of [rig.sandbox.id, 'a-guess', 'PROPFIND', '127.0.0.1', '3000', 'a-path']) {
      expect(values).not.toContain(word);
    }
  });
});

describe('the metrics', () => {
  test('tell answers, bytes, cache, and calls to Daytona', async () => {
    rig = await startRig({
      app: (req, res) => void req.resume().on('end', () => res.end('12345')),
    });
    await get();
    await get('/', { method: 'POST', body: 'abc' });
    const text = await scrape();
    const of = (name: string, labels = {}) => sumOf(text, prefix + name, labels);
    expect(of('request_duration_seconds_count', { outcome: 'sandbox', status: '2xx' })).toBe(2);
    expect(of('first_byte_seconds_count', { kind: 'request' })).toBe(2);
    expect(of('body_bytes_total', { direction: 'down' })).toBe(10);
    expect(of('body_bytes_total', { direction: 'up' })).toBe(3);
    expect(of('cache_answers_total', { answer: 'miss' })).toBe(1);
    expect(of('cache_answers_total', { answer: 'hit' })).toBe(1);
    expect(of('cache_entries')).toBe(1);
    for (const call of ['sandbox', 'preview-url']) {
      expect(of('daytona_call_duration_seconds_count', { call, outcome: 'ok' })).toBe(1);
    }
    expect(of('phase_seconds_total', { phase: 'lookup' })).toBeGreaterThan(0);
  });

  test('tell what is open, and streams when they are over', async () => {
    rig = await startRig({
      app: (_req, res) => {
        res.writeHead(200, { 'content-type': 'text/event-stream' });
        res.write('data: 1\n\n');
      },
    });
    echoSockets(rig.app);
    const { socket, next } = await openWebSocket(rig.proxy.port, rig.host());
    await next();
    const stream = await openStream(rig.proxy.port, { host: rig.host() });
    await once(stream, 'data');
    // The scrape is a request by itself, on a connection of its own.
    const open = { connection: 3, request: 1, websocket: 1, events: 1 };
    for (const [kind, count] of Object.entries(open)) {
      expect([kind, await becomes('open', { kind }, count)]).toEqual([kind, true]);
    }
    socket.send('12345');
    await next();
    socket.terminate();
    stream.destroy();
    expect(await becomes('open', { kind: 'events' }, 0)).toBe(true);
    expect(await becomes('open', { kind: 'websocket' }, 0)).toBe(true);
    expect(await sum('streams_total', { kind: 'websocket', outcome: 'sandbox' })).toBe(1);
    // Its visitor has left, as all do in the end.
    expect(await sum('first_byte_seconds_count', { kind: 'events' })).toBe(1);
    // A frame of five bytes with its mask, and what the echo says of the origin.
    expect(await sum('body_bytes_total', { direction: 'up' })).toBe(11);
    expect(await sum('body_bytes_total', { direction: 'down' })).toBeGreaterThan(16);
  });

  test('tell refusals by limits, attempts to get in, and calls that fail', async () => {
    rig = await startRig({
      app: (_req, res) => void res.end(),
      env: { RATE_LIMIT_MAX: '3', ACCESS_MODE: 'private', METRICS_PORT: '0' },
    });
    const shown = (value: string, host = rig.host()) =>
      ask(rig.proxy.port, { host, headers: { 'x-daytona-preview-token': value } });
    expect((await shown(rig.sandbox.token)).status).toBe(200);
    expect((await shown('wrong')).status).toBe(401);
    rig.daytona.faults.apiStatus = 500;
    expect((await shown('wrong', '3000-another.proxy.test')).status).toBe(503);
    expect((await get()).status).toBe(429);
    const { body } = await ask(rig.proxy.metricsPort ?? 0, { host: 'localhost', path: '/metrics' });
    const of = (name: string, labels = {}) => sumOf(body, prefix + name, labels);
    expect(of('auth_attempts_total', { method: 'token', outcome: 'good' })).toBe(1);
    expect(of('auth_attempts_total', { method: 'token', outcome: 'bad' })).toBe(1);
    expect(of('limited_total', { limit: 'rate' })).toBe(1);
    expect(of('limited_total')).toBe(1);
    const failed = { outcome: 'DAYTONA_UNAVAILABLE' };
    expect(of('daytona_call_duration_seconds_count', failed)).toBeGreaterThan(0);
    expect(of('request_duration_seconds_count', { ...failed, status: '5xx' })).toBe(1);
  });

  test('tell a sandbox that is woken, and one that is found anew behind a refusal', async () => {
    rig = await startRig({
      app: (_req, res) => void res.end(),
      env: { WAKE_HOLD_MS: '10000' },
      sandbox: { state: 'stopped' },
    });
    expect((await get('/', { method: 'POST' })).status).toBe(200);
    expect(await sum('wakes_total', { step: 'start' })).toBe(1);
    expect(await becomes('wakes_total', { step: 'done' }, 1)).toBe(true);
    expect(await sum('wake_duration_seconds_count', { outcome: 'done' })).toBe(1);
    rig.daytona.sandboxes.stop(rig.sandbox);
    rig.daytona.sandboxes.start(rig.sandbox);
    expect((await get()).status).toBe(200);
    expect(await sum('heals_total', { refusal: 'token' })).toBe(1);
    expect(await sum('heals_total')).toBe(1);
  });

  test('tell a request that was sent again because its connection had been closed', async () => {
    // Every connection carries one answer, says that it stays open, and is reset by the next request.
    const answered = new Set<Socket>();
    const app = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        if (answered.has(socket)) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        answered.add(socket);
      });
    });
    app.listen(0, '127.0.0.1');
    await once(app, 'listening');
    const { port } = app.address() as AddressInfo;
    rig = await startRig();
    rig.daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, `:${port}`);
    await get();
    expect((await get()).body).toBe('ok');
    expect(await sum('upstream_retries_total')).toBe(1);
    const line = rig.logs().filter(({ event }) => event === 'access')[1];
    expect(line).toMatchObject({ status: 200, retries: 1 });
    app.close();
    for (const socket of answered) socket.destroy();
  });

  test('tell how many wait for one lookup', async () => {
    rig = await startRig({ app: (_req, res) => void res.end() });
    rig.daytona.faults.apiDelayMs = 1_500;
    const answers = Promise.all(Array.from({ length: 7 }, () => get()));
    expect(await becomes('lookup_waiters', {}, 7)).toBe(true);
    await answers;
    expect(await sum('lookup_waiters')).toBe(0);
    expect(await sum('cache_answers_total', { answer: 'miss' })).toBe(7);
  });
});
