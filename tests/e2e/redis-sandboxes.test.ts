import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { describeWith } from '../support/binary.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { type Rig, startRig } from '../support/rig.ts';

describeWith('redis-server', 'two proxies over one Redis', () => {
  let redis: Redis;
  let one: Rig;
  let two: Rig;
  let prefix = 0;
  let env: Record<string, string>;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.close());
  beforeEach(async () => {
    prefix += 1;
    env = {
      REDIS_URL: redis.url,
      REDIS_PREFIX: `test-${prefix}:`,
      COOKIE_SECRET: 's'.repeat(32),
    };
    one = await startRig({ app: (_req, res) => void res.end('the app'), env });
    two = await startRig({ env, beside: one });
  });
  afterEach(async () => {
    redis.resume();
    await two.close();
    await one.close();
  });

  const get = (rig: Rig, method = 'GET') => ask(rig.proxy.port, { host: one.host(), method });
  const bothSay = (store: string) =>
    eventually(async () => {
      const what = { host: 'localhost', path: '/ready' };
      const said = await Promise.all([one, two].map((rig) => ask(rig.proxy.port, what)));
      return said.every(({ body }) => JSON.parse(body).store === store);
    });
  /** Too large to be sent twice: it shows whether what is known of the sandbox is true. */
  const upload = (rig: Rig) =>
    ask(rig.proxy.port, { host: one.host(), method: 'PUT', body: Buffer.alloc(1_000_000) });
  const calls = (pattern: RegExp) =>
    one.daytona.calls.filter(({ path }) => pattern.test(path)).length;
  const lookups = () => calls(/preview-url$/);
  const renew = () => {
    one.daytona.sandboxes.stop(one.sandbox);
    one.daytona.sandboxes.start(one.sandbox);
  };

  test('ask Daytona once about a sandbox', async () => {
    expect((await get(one)).body).toBe('the app');
    // What one writes the other may read a moment later.
    expect(await eventually(async () => (await redisKeys()) >= 2)).toBe(true);
    expect((await get(two)).body).toBe('the app');
    expect([lookups(), calls(/^\/sandbox\/[^/]+$/)]).toEqual([1, 1]);
  });

  test('look a renewed token up once, whichever hears of it first', async () => {
    await get(one);
    await get(two);
    const before = lookups();
    renew();
    expect((await get(one)).body).toBe('the app');
    expect((await get(two, 'POST')).body).toBe('the app');
    expect(lookups()).toBe(before + 1);
  });

  test('believe no token from before a start, whoever knocked while the sandbox slept', async () => {
    const guards = { ...env, ACCESS_MODE: 'protected', AUTH_FAILURES_MAX: '0' };
    const guarded = await startRig({ env: guards, beside: one });
    const knock = async (token: string) => {
      const headers = { 'x-daytona-preview-token': token };
      return (await ask(guarded.proxy.port, { host: one.host(), headers })).status;
    };
    one.daytona.sandboxes.stop(one.sandbox);
    const old = one.sandbox.token;
    expect(await knock('a-guess')).toBe(401);
    one.daytona.sandboxes.start(one.sandbox);
    expect(await eventually(async () => (await knock(one.sandbox.token)) === 200, 8_000)).toBe(
      true,
    );
    expect(await knock(old)).toBe(401);
    await guarded.close();
  });

  test('start a sandbox once, at whichever its visitors knock', async () => {
    await get(one);
    one.sandbox.state = 'stopped';
    one.daytona.faults.startMs = 500;
    const answers = await Promise.all([one, two, one, two].map((rig) => get(rig, 'POST')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(calls(/\/start$/)).toBe(1);
  });

  test('tell a waiting page of a start that another of them has begun', async () => {
    await get(one);
    one.sandbox.state = 'stopped';
    one.daytona.faults.startMs = 1_000;
    const headers = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    expect((await ask(one.proxy.port, { host: one.host(), headers })).status).toBe(503);
    expect(await eventually(() => calls(/\/start$/) === 1)).toBe(true);
    const watch = { path: '/?DAYTONA_PROXY_WAKE=1', headers: { accept: 'text/event-stream' } };
    const stream = await ask(two.proxy.port, { host: one.host(), ...watch });
    expect(stream.body).toMatch(/event: ready\ndata: \n\n$/);
    expect(calls(/\/start$/)).toBe(1);
  });

  test('report activity once', async () => {
    await Promise.all([get(one), get(two)]);
    expect(await eventually(() => calls(/last-activity$/) === 1)).toBe(true);
    await Promise.all([get(one), get(two)]);
    expect(calls(/last-activity$/)).toBe(1);
  });

  test('serve a known sandbox from each other’s word while the API is down', async () => {
    await get(one);
    expect(await eventually(async () => (await redisKeys()) >= 2)).toBe(true);
    await one.daytona.stopApi();
    expect((await get(two)).body).toBe('the app');
    await one.daytona.startApi();
  });

  test('go on by themselves while Redis is away', async () => {
    await get(one);
    await redis.kill();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_each, i) => get(i % 2 === 0 ? one : two)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    await redis.restart();
  });

  const outages = [
    ['was killed', () => redis.kill(), () => redis.restart()],
    ['was only out of reach', () => redis.pause(), () => redis.resume()],
  ] as const;
  /** Visits by one of the two while Redis is away; both serve right when it is back, and a third. */
  async function changeMeanwhile(
    [, lose, regain]: (typeof outages)[number],
    change: () => void,
    noticed: number,
  ): Promise<void> {
    expect([(await get(one)).status, (await get(two)).status]).toEqual([200, 200]);
    expect(await eventually(async () => (await redisKeys()) >= 2)).toBe(true);
    await lose();
    expect(await bothSay('memory (redis is down)')).toBe(true);
    change();
    expect((await get(one)).status).toBe(noticed);
    await regain();
    expect(await bothSay('redis')).toBe(true);
    const third = await startRig({ env, beside: one });
    try {
      expect((await upload(third)).body).toBe('the app');
    } finally {
      await third.close();
    }
    expect((await get(two, 'POST')).body).toBe('the app');
    for (const rig of [one, two]) expect((await upload(rig)).body).toBe('the app');
  }

  test.each(outages)('believe no token from before a Redis that %s', (...outage) =>
    changeMeanwhile(outage, renew, 200),
  );

  test.each(outages)('believe no state from before a Redis that %s', (...outage) =>
    changeMeanwhile(outage, () => one.daytona.sandboxes.stop(one.sandbox), 503),
  );

  test('keep nothing readable of a sandbox in Redis', async () => {
    await get(one);
    expect(await eventually(async () => (await redisKeys()) >= 2)).toBe(true);
    const inspector = await redis.connect();
    const seen: string[] = [];
    for (const key of await inspector.keys(`test-${prefix}:*`)) {
      seen.push(key, String(await inspector.get(key).catch(() => '')));
    }
    for (const secret of [one.sandbox.token, one.sandbox.id]) {
      expect(seen.join('\n')).not.toContain(secret);
    }
  });

  async function redisKeys(): Promise<number> {
    const inspector = await redis.connect();
    return (await inspector.keys(`test-${prefix}:[lf]*`)).length;
  }
});
