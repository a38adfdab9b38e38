import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Seals } from '../../src/seals.ts';
import { Envelopes } from '../../src/store/envelope.ts';
import { describeWith } from '../support/binary.ts';
import { ask, codeOf, openWebSocket } from '../support/client.ts';
import { echoSockets } from '../support/echo.ts';
import { eventually } from '../support/eventually.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';

const adminToken = 'the-operator-of-both-proxies-here-1';
const admin = { authorization: `Bearer ${adminToken}` };
const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const id = '83792513-cd9e-428f-99c0-63c63bc7739c';
/** What a visitor may feel of a Redis that is away: its deadline, and a busy machine's own time. */
const mostMs = 600;

describeWith('redis-server', 'two proxies over one Redis', () => {
  let redis: Redis;
  let one: Rig;
  let two: Rig;
  let prefix = 0;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.close());
  beforeEach(() => {
    prefix += 1;
  });
  afterEach(async () => {
    redis.resume();
    await two.close();
    await one.close();
  });

  const settings = (more: Record<string, string> = {}) => ({
    REDIS_URL: redis.url,
    REDIS_PREFIX: `test-${prefix}:`,
    COOKIE_SECRET: 's'.repeat(32),
    ACCESS_MODE: 'private',
    ADMIN_TOKEN: adminToken,
    ...more,
  });
  const start = async (more: Record<string, string> = {}) => {
    const env = settings(more);
    one = await startRig({ app: (req, res) => void res.end(req.url), env, sandbox: { id } });
    echoSockets(one.app);
    two = await startRig({ env, beside: one });
  };
  const get = (rig: Rig, headers = {}, path = '/') =>
    ask(rig.proxy.port, { host: one.host(), path, headers });
  const share = async (rig: Rig) => {
    const body = JSON.stringify({ sandboxId: id, port: 3000 });
    const what = { host: domain, path: '/shares', method: 'POST', headers: admin, body };
    const made = JSON.parse((await ask(rig.proxy.port, what)).body) as { url: string; id: string };
    return { id: made.id, path: `/${new URL(made.url).search}` };
  };
  const end = async (rig: Rig, shareId: string) => {
    const what = { host: domain, path: `/shares/${shareId}`, method: 'DELETE', headers: admin };
    expect((await ask(rig.proxy.port, what)).status).toBe(204);
  };
  /** A request that is under way when its link is ended has no answer. */
  const refuses = (rig: Rig, path: string) =>
    get(rig, {}, path).then(
      ({ status }) => status === 401,
      () => false,
    );
  /** As many instances would have done; to read all that takes a while. */
  const endMany = async (count: number) => {
    const name = `test-${prefix}:`;
    const envelopes = new Envelopes(new Seals(['s'.repeat(32)]), name);
    const inspector = await redis.connect();
    const until = Date.now() + 60_000;
    const fields: Record<string, string> = {};
    for (let i = 0; i < count; i++) {
      const field = `${until}.${i}`;
      fields[field] = await envelopes.seal(`ended:${field}`, { id: String(i), until }, until);
    }
    await inspector.hSet(`${name}ended`, fields);
  };
  const storeOf = async (rig: Rig) => {
    const { body } = await ask(rig.proxy.port, { host: 'localhost', path: '/health' });
    return JSON.parse(body).cache.store as string;
  };
  const statsOf = async (rig: Rig) =>
    JSON.parse((await ask(rig.proxy.port, { host: 'localhost', path: '/stats' })).body).store;
  const bothSay = (store: string) =>
    eventually(async () => (await storeOf(one)) === store && (await storeOf(two)) === store);
  const saidOf = (rig: Rig, event: string) => rig.logs().filter((line) => line.event === event);
  const loseRedis = async () => {
    redis.pause();
    expect(await bothSay('memory (redis is down)')).toBe(true);
  };

  test('one client has one budget on both', async () => {
    await start({ RATE_LIMIT_MAX: '4', ACCESS_MODE: 'open' });
    const statuses = [];
    for (const rig of [one, two, one, two, one, two]) statuses.push((await get(rig)).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
  });

  test('a window begins anew where the clock of Redis was put back by an hour', async () => {
    await start({ RATE_LIMIT_MAX: '4', ACCESS_MODE: 'open' });
    for (const rig of [one, one, two, two]) expect((await get(rig)).status).toBe(200);
    expect((await get(one)).status).toBe(429);
    const inspector = await redis.connect();
    const [key = ''] = await inspector.keys(`test-${prefix}:rate:*`);
    expect(await inspector.pExpire(key, 3_600_000)).toBe(1); // As its clock would have it.
    const { status, headers } = await get(two);
    expect([status, Number(/reset=(\d+)/.exec(String(headers.ratelimit))?.[1])]).toEqual([200, 60]);
    expect(await inspector.pTTL(key)).toBeLessThanOrEqual(60_000);
  });

  test('failed attempts count on both', async () => {
    await start({ AUTH_FAILURES_MAX: '2' });
    const wrong = { 'x-daytona-preview-token': 'wrong' };
    expect((await get(one, wrong)).status).toBe(401);
    expect((await get(two, wrong)).status).toBe(401);
    for (const rig of [one, two]) {
      expect(codeOf(await get(rig, { 'x-daytona-preview-token': one.sandbox.token }))).toBe(
        'TOO_MANY_FAILURES',
      );
    }
  });

  test('Daytona is asked once about a key, good or bad', async () => {
    await start();
    const asked = () => one.daytona.calls.filter(({ path }) => path.endsWith('/access')).length;
    const good = { authorization: `Bearer ${one.daytona.apiKey}` };
    expect([(await get(one, good)).status, (await get(two, good)).status]).toEqual([200, 200]);
    expect(asked()).toBe(1);
    const bad = { authorization: 'Bearer nobody' };
    expect([(await get(one, bad)).status, (await get(two, bad)).status]).toEqual([401, 401]);
    expect(asked()).toBe(2);
  });

  test('a session of one is good on the other', async () => {
    await start();
    const path = `/?DAYTONA_SANDBOX_AUTH_KEY=${one.sandbox.token}`;
    const first = await get(one, navigation, path);
    const cookie = first.headers['set-cookie']?.[0]?.split(';', 1)[0];
    expect((await get(two, { cookie })).status).toBe(200);
  });

  test('a share made on one and ended on the other opens nothing, and its WebSocket closes', async () => {
    await start();
    const made = await share(one);
    expect((await get(two, {}, made.path)).status).toBe(200);
    const { socket } = await openWebSocket(one.proxy.port, one.host(), made.path);
    const closed = once(socket, 'close');
    await end(two, made.id);
    await closed;
    expect((await get(one, {}, made.path)).status).toBe(401);
    expect((await get(two, {}, made.path)).status).toBe(401);
  });

  test('what is ended while Redis is away ends everywhere when it is back', async () => {
    await start();
    const made = await share(one);
    const { socket } = await openWebSocket(one.proxy.port, one.host(), made.path);
    const closed = once(socket, 'close');
    await loseRedis();
    await end(two, made.id);
    expect((await get(two, {}, made.path)).status).toBe(401);
    expect((await get(one, {}, made.path)).status).toBe(200);
    redis.resume();
    await closed;
    expect((await get(one, {}, made.path)).status).toBe(401);
  });

  test('a Redis that lost everything learns from the living what was ended', async () => {
    await start();
    const made = await share(one);
    await end(two, made.id);
    await redis.kill();
    expect(await bothSay('memory (redis is down)')).toBe(true);
    await redis.restart();
    expect(await bothSay('redis')).toBe(true);
    expect((await get(one, {}, made.path)).status).toBe(401);
    const third = await startRig({ env: settings(), beside: one });
    try {
      // It may have read before the others had written; then they tell it.
      expect(await eventually(() => refuses(third, made.path))).toBe(true);
    } finally {
      await third.close();
    }
  });

  test('a proxy that starts knows at its first request what others have ended', async () => {
    await start();
    const made = await share(one);
    await end(one, made.id);
    await two.close();
    await endMany(2_000);
    two = await startRig({ env: settings(), beside: one });
    expect((await get(two, {}, made.path)).status).toBe(401);
  });

  test('one that starts while Redis is away ends what others have ended when it is back', async () => {
    await start();
    const made = await share(one);
    await end(one, made.id);
    await two.close();
    redis.pause();
    two = await startRig({ env: settings(), beside: one });
    expect((await get(two, {}, made.path)).status).toBe(200);
    redis.resume();
    expect(await eventually(() => refuses(two, made.path))).toBe(true);
  });

  test('while Redis says nothing requests go on, and the log says it once', async () => {
    await start({ RATE_LIMIT_MAX: '1000', TRUSTED_PROXIES: '127.0.0.1' });
    const key = { authorization: `Bearer ${one.daytona.apiKey}` };
    await get(one, key);
    await get(two, key);
    redis.pause();
    const rounds = async (rig: Rig) => {
      const times: number[] = [];
      for (let i = 0; i < 40; i++) {
        const began = performance.now();
        expect((await get(rig, key)).status).toBe(200);
        times.push(performance.now() - began);
      }
      expect(Math.max(...times)).toBeLessThan(mostMs);
      // The first one waits for the deadline, and nobody after it.
      expect(times.filter((ms) => ms > 200).length).toBeLessThanOrEqual(2);
    };
    await Promise.all([rounds(one), rounds(two)]);
    expect(await bothSay('memory (redis is down)')).toBe(true);
    expect(await statsOf(one)).toBe('memory (redis is down)');
    redis.resume();
    expect(await bothSay('redis')).toBe(true);
    expect(await statsOf(one)).toBe('redis');
    for (const rig of [one, two]) {
      expect(saidOf(rig, 'store.lost')).toHaveLength(1);
      expect(await eventually(() => saidOf(rig, 'store.back').length === 1)).toBe(true);
    }
    // One who was not counted while each of them counted alone.
    const another = { ...key, 'x-forwarded-for': '192.0.2.1' };
    const remaining = async (rig: Rig) =>
      Number(/remaining=(\d+)/.exec(String((await get(rig, another)).headers.ratelimit))?.[1]);
    expect([await remaining(one), await remaining(two)]).toEqual([999, 998]);
  });

  test('a budget that was counted alone is not given anew', async () => {
    await start({ RATE_LIMIT_MAX: '3', ACCESS_MODE: 'open' });
    // Who asked which store serves would spend of the same budget.
    const bothTell = (event: string) =>
      eventually(() => [one, two].every((rig) => saidOf(rig, event).length === 1));
    for (let i = 0; i < 3; i++) expect((await get(one)).status).toBe(200);
    await redis.kill();
    expect((await get(one)).status).toBe(429);
    expect(await bothTell('store.lost')).toBe(true);
    await redis.restart();
    expect(await bothTell('store.back')).toBe(true);
    expect((await get(one)).status).toBe(429);
    // At an instance that has counted nothing alone, all are counted together from now on.
    const { status, headers } = await get(two);
    expect([status, /remaining=(\d+)/.exec(String(headers.ratelimit))?.[1]]).toEqual([200, '1']);
  });

  test('failed attempts that were counted alone are not forgiven', async () => {
    await start({ AUTH_FAILURES_MAX: '2' });
    await loseRedis();
    const wrong = { 'x-daytona-preview-token': 'wrong' };
    for (let i = 0; i < 2; i++) expect((await get(one, wrong)).status).toBe(401);
    redis.resume();
    expect(await bothSay('redis')).toBe(true);
    expect((await get(two, wrong)).status).toBe(401); // The first one that Redis hears of.
    const right = { 'x-daytona-preview-token': one.sandbox.token };
    expect(codeOf(await get(one, right))).toBe('TOO_MANY_FAILURES');
  });

  test('a Redis that comes back empty gives nobody a new budget', async () => {
    await start({ RATE_LIMIT_MAX: '4', AUTH_FAILURES_MAX: '2' });
    const wrong = { 'x-daytona-preview-token': 'wrong' };
    const answer = async () => codeOf(await get(one, wrong));
    for (let i = 0; i < 2; i++) expect(await answer()).toBe('LOGIN_REQUIRED');
    expect(await answer()).toBe('TOO_MANY_FAILURES');
    await redis.restart();
    for (const rig of [one, two]) {
      expect(await eventually(() => saidOf(rig, 'store.back').length === 1)).toBe(true);
    }
    expect(codeOf(await get(two, wrong))).toBe('LOGIN_REQUIRED'); // One failure that Redis knows.
    expect(await answer()).toBe('TOO_MANY_FAILURES');
    expect(await answer()).toBe('RATE_LIMITED');
  });
});
