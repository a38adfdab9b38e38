import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask, codeOf } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

const token = 'a-stats-token-for-tests';
const bearer = { authorization: `Bearer ${token}` };
let rig: Rig;
const get = (path: string, headers = {}, host = 'localhost') =>
  ask(rig.proxy.port, { host, path, headers });

beforeAll(async () => {
  rig = await startRig({
    app: (req, res) => void res.writeHead(req.url === '/missing' ? 404 : 200).end('the app'),
    env: { STATS_TOKEN: token, CACHE_TTL: '60000' },
  });
  await ask(rig.proxy.port, { host: rig.host(), path: '/?token=in-the-query' });
  await ask(rig.proxy.port, { host: rig.host(), path: '/missing' });
});
afterAll(() => rig.close());

describe('/health', () => {
  test('has the original’s fields', async () => {
    const { status, body, headers } = await get('/health', {}, 'proxy.test');
    expect(status).toBe(200);
    const { timestamp, ...rest } = JSON.parse(body);
    expect(rest).toEqual({ status: 'ok', cache: { size: 1, ttl: 60000, store: 'memory' } });
    expect(new Date(timestamp).toISOString()).toBe(timestamp);
    expect(headers['cache-control']).toBe('no-store');
  });
});

test('/ready says so while nothing stops the proxy', async () => {
  const { status, body, headers } = await get('/ready', {}, 'proxy.test');
  expect([status, JSON.parse(body)]).toEqual([200, { status: 'ready', store: 'memory' }]);
  expect(headers['cache-control']).toBe('no-store');
});

describe('/stats', () => {
  test('has the original’s fields, in seconds', async () => {
    const { body } = await get('/stats', bearer);
    const stats = JSON.parse(body);
    expect(stats).toMatchObject({ totalCached: 1, misses: 1, hits: 1, store: 'memory' });
    const [entry] = stats.entries;
    expect(entry.key).toBe(`${rig.sandbox.id}:3000`);
    expect(entry.age + entry.remaining).toBeGreaterThanOrEqual(59);
    expect(entry.remaining).toBeLessThanOrEqual(60);
  });

  test.each([
    ['nothing but its loopback address', {}],
    ['a wrong token', { authorization: 'Bearer x' }],
    ['the token in another scheme', { authorization: `Basic ${token}` }],
  ])('is closed to a request with %s', async (_what, headers) => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await ask(rig.proxy.port, {
        host: 'localhost',
        path: '/stats',
        method,
        headers: { ...headers, 'x-stats-action': 'forget' },
      });
      expect([answer.status, codeOf(answer)]).toEqual([401, 'UNAUTHORIZED']);
      expect(answer.body).not.toContain(rig.sandbox.id);
    }
  });

  test('opens for the token from anywhere', async () => {
    const headers = { ...bearer, 'x-forwarded-for': '1.1.1.1' };
    expect((await get('/stats', headers, 'proxy.test')).status).toBe(200);
  });
});

describe('logs', () => {
  test('have the original’s events, and no secret', async () => {
    const events = rig.logs().map(({ event }) => event);
    expect(events).toEqual(
      expect.arrayContaining([
        'cache.fetch',
        'cache.store',
        'proxy.request',
        'proxy.response.error',
        'access',
      ]),
    );
    const text = JSON.stringify(rig.logs());
    expect(text).not.toContain(rig.sandbox.token);
    expect(text).not.toContain(rig.daytona.apiKey);
    expect(text).not.toContain('in-the-query');
    expect(text).not.toContain(token);
  });
});
