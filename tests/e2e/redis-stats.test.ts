import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { describeWith } from '../support/binary.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Inspector, type Redis, startRedis } from '../support/redis.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { statsEvents } from '../support/statsEvents.ts';

describeWith('redis-server', 'the page for operators of two proxies over one Redis', () => {
  let redis: Redis;
  let inspector: Inspector;
  let one: Rig;
  let two: Rig;
  let prefix = 0;
  let env: Record<string, string>;
  const closing: (() => unknown)[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    inspector = await redis.connect();
  });
  afterAll(() => redis.close());
  beforeEach(async () => {
    prefix += 1;
    env = {
      REDIS_URL: redis.url,
      REDIS_PREFIX: `stats-${prefix}:`,
      COOKIE_SECRET: 's'.repeat(32),
    };
    one = await startRig({ app: (_req, res) => void res.end('app'), env });
    two = await startRig({ env, beside: one });
    closing.push(
      () => one.close(),
      () => two.close(),
    );
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  const visit = (rig: Rig) => ask(rig.proxy.port, { host: one.host() });
  const reportOf = async (rig: Rig) => {
    const stream = await statsEvents(rig.proxy.port);
    const report = await stream.next();
    stream.close();
    if (!report) throw new Error('no report');
    return report;
  };
  const cachedBy = async (rig: Rig) => {
    const { body } = await ask(rig.proxy.port, { host: 'localhost', path: '/stats' });
    return JSON.parse(body).totalCached as number;
  };
  /** How many links all instances share. */
  const links = async () => (await inspector.keys(`stats-${prefix}:link:*`)).length;
  /** How often Daytona was asked for a link. */
  const asked = () => one.daytona.calls.filter(({ path }) => path.endsWith('/preview-url')).length;
  const forget = (rig: Rig, path: string) =>
    ask(rig.proxy.port, {
      host: 'localhost',
      path,
      method: 'DELETE',
      headers: { 'x-stats-action': 'forget' },
    });

  test('shows what both did, and a row for each', async () => {
    for (let i = 0; i < 3; i++) await visit(two);
    await visit(one);
    let report = await reportOf(one);
    const both = await eventually(async () => {
      report = await reportOf(one);
      return report.texts.requestsHour === '4';
    }, 15_000);
    expect(both).toBe(true);
    expect(report.texts).toMatchObject({ instanceCount: '2', store: 'redis', totalCached: '1' });
    expect(report.instances).toHaveLength(2);
    expect(report.instances[0]?.cells[0]).toMatch(`:${one.proxy.port} (this one)`);
    expect(report.instances[1]?.cells[0]).toMatch(new RegExp(`:${two.proxy.port}$`));
  });

  test('no longer shows one that has stopped', async () => {
    expect(await eventually(async () => (await reportOf(one)).instances.length === 2)).toBe(true);
    await two.close();
    closing.pop();
    expect(await eventually(async () => (await reportOf(one)).instances.length === 1)).toBe(true);
  });

  test('shows this one alone while Redis is gone, and both again', async () => {
    expect(await eventually(async () => (await reportOf(one)).instances.length === 2)).toBe(true);
    redis.pause();
    try {
      const alone = await eventually(async () => (await reportOf(one)).instances.length === 1);
      expect(alone).toBe(true);
      expect((await reportOf(one)).texts.store).toBe('memory (redis is down)');
    } finally {
      redis.resume();
    }
    const again = () => reportOf(one).then(({ instances }) => instances.length === 2);
    expect(await eventually(again, 15_000)).toBe(true);
  });

  test('forgets a sandbox on both, whichever knows it', async () => {
    await visit(two);
    expect(await eventually(async () => (await links()) === 1)).toBe(true);
    expect((await forget(one, `/stats/${one.sandbox.id}:3000`)).status).toBe(204);
    expect(await eventually(async () => (await cachedBy(two)) === 0)).toBe(true);
    expect(await eventually(async () => (await links()) === 0)).toBe(true);
    expect((await visit(two)).status).toBe(200);
  });

  test('forgets all of them on both, also what neither has in its own memory', async () => {
    const third = await startRig({ env, beside: one });
    const other = one.daytona.sandboxes.create({ ports: one.sandbox.ports });
    await ask(third.proxy.port, { host: one.host(3000, other) });
    await third.close();
    await visit(one);
    await visit(two);
    expect(await eventually(async () => (await links()) === 2)).toBe(true);
    expect((await forget(one, '/stats')).status).toBe(204);
    expect(await cachedBy(one)).toBe(0);
    expect(await eventually(async () => (await cachedBy(two)) === 0)).toBe(true);
    const before = asked();
    await visit(one);
    await ask(two.proxy.port, { host: one.host(3000, other) });
    expect(asked()).toBe(before + 2);
    await visit(two);
    expect(asked()).toBe(before + 2);
  });

  test('forgets all of them while Redis is out of reach, once it is back', async () => {
    await visit(two);
    expect(await eventually(async () => (await links()) === 1)).toBe(true);
    redis.pause();
    const store = async () => (await reportOf(one)).texts.store;
    try {
      expect(await eventually(async () => (await store()) !== 'redis')).toBe(true);
      expect((await forget(one, '/stats')).status).toBe(204);
    } finally {
      redis.resume();
    }
    expect(await eventually(async () => (await store()) === 'redis')).toBe(true);
    const before = asked();
    await visit(one);
    expect(asked()).toBe(before + 1);
  });

  test('asks Daytona no more often where somebody repeats the news of it', async () => {
    const news: string[] = [];
    const listener = await redis.connect();
    await listener.subscribe(`stats-${prefix}:news`, (text) => void news.push(text));
    await forget(one, '/stats');
    expect(await eventually(() => news.some((text) => text.startsWith('forgotten-all ')))).toBe(
      true,
    );
    await visit(one);
    await visit(two);
    expect(await eventually(async () => (await links()) === 1)).toBe(true);
    const before = asked();
    for (const text of news) await inspector.publish(`stats-${prefix}:news`, text);
    expect(await eventually(async () => (await cachedBy(two)) === 0)).toBe(true);
    await visit(two);
    expect(asked()).toBe(before);
  });

  test('believes nothing in Redis that no instance wrote, and keeps no name there', async () => {
    await visit(two);
    const list = `stats-${prefix}:instances`;
    const listed = () => inspector.zRange(list, 0, -1);
    expect(await eventually(async () => (await listed()).length === 2)).toBe(true);
    const ids = ['no id', '../x', ...Array.from({ length: 60 }, () => randomUUID())];
    await inspector.zAdd(
      list,
      ids.map((value, i) => ({ score: i % 2 ? Date.now() + 1e6 : Infinity, value })),
    );
    const [known] = await inspector.keys(`stats-${prefix}:instance:*`);
    const sealed = await inspector.get(known ?? '');
    expect(sealed?.split('.')).toHaveLength(5);
    expect(Buffer.from(sealed ?? '', 'base64url').toString()).not.toContain(one.sandbox.id);
    expect((await reportOf(one)).instances).toHaveLength(2);
    await inspector.set(known ?? '', 'anything');
    expect((await reportOf(two)).instances.length).toBeLessThanOrEqual(2);
    expect(await inspector.pTTL(list)).toBeGreaterThan(0);
  });
});
