import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Exchange } from '../../../src/exchange.ts';
import { Activity, type ActivityMode } from '../../../src/sandbox/activity.ts';

const visitor = {
  address: '192.0.2.1',
  network: '192.0.2.1',
  fronted: false,
  proto: 'http',
  host: '3000-box.proxy.test',
} as const;

/** When the use of which sandbox was reported, in ms. */
let reports: [string, number][] = [];
let failing = false;
let claimed: boolean | undefined;
let activity: Activity;
let start = 0;

beforeEach(() => {
  jest.useFakeTimers();
  [reports, failing, claimed, start] = [[], false, undefined, performance.now()];
});
afterEach(() => {
  activity.close();
  jest.useRealTimers();
});

function begin(mode: ActivityMode): void {
  activity = new Activity({
    mode,
    honoursSkip: false,
    report: async (sandboxId) => {
      reports.push([sandboxId, performance.now() - start]);
      if (failing) throw new Error('the API is away');
    },
    claim: async () => claimed,
  });
}

function watch(method: string, sandboxId = 'box', headers = {}) {
  const exchange = new Exchange('1', { method, url: '/' }, visitor);
  const req = { method, headers } as Parameters<Activity['watch']>[1];
  return { exchange, note: activity.watch(exchange, req, sandboxId) };
}

const times = () => reports.map(([, at]) => at);
const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

describe('with ACTIVITY=connection', () => {
  beforeEach(() => begin('connection'));

  test('a silent connection is reported at once, and once in 45 s until it ends', async () => {
    const { exchange } = watch('GET');
    await pass(140_000);
    expect(times()).toEqual([0, 45_000, 90_000, 135_000]);
    exchange.end();
    await pass(600_000);
    expect(times()).toHaveLength(4);
  });

  test('many connections are reported as one, until the last has ended', async () => {
    const [one, two] = [watch('GET'), watch('GET')];
    two.note?.();
    await pass(44_000);
    expect(times()).toEqual([0]);
    one.exchange.end();
    await pass(46_000);
    expect(times()).toEqual([0, 45_000, 90_000]);
    two.exchange.end();
    await pass(600_000);
    expect(times()).toHaveLength(3);
  });

  test('each sandbox has a report of its own', async () => {
    watch('GET', 'one');
    watch('GET', 'two');
    await pass(50_000);
    expect(reports).toEqual([
      ['one', 0],
      ['two', 0],
      ['one', 45_000],
      ['two', 45_000],
    ]);
  });

  test('a report that failed is tried again at the next look', async () => {
    failing = true;
    watch('GET');
    await pass(1_000);
    failing = false;
    await pass(99_000);
    expect(times()).toEqual([0, 15_000, 60_000]);
  });

  test('what another instance has reported is not, until it no longer does', async () => {
    claimed = false;
    watch('GET');
    await pass(50_000);
    expect(times()).toEqual([]);
    claimed = true;
    await pass(15_000);
    expect(times()).toEqual([60_000]);
  });
});

describe('with ACTIVITY=traffic', () => {
  beforeEach(() => begin('traffic'));

  test('a silent connection is not reported, and bytes are once in 45 s', async () => {
    const { note } = watch('GET');
    await pass(60_000);
    expect(times()).toEqual([]);
    for (let second = 60; second < 110; second++) {
      note?.();
      await pass(1_000);
    }
    expect(times()).toEqual([60_000, 105_000]);
    await pass(600_000);
    expect(times()).toHaveLength(2);
  });

  test('a write is use for as long as it is not answered', async () => {
    const { exchange } = watch('POST');
    await pass(70_000);
    expect(times()).toEqual([15_000, 60_000]);
    exchange.end();
    await pass(600_000);
    expect(times()).toHaveLength(2);
  });

  test('what a forgotten tab asks for is not watched', () => {
    expect(watch('GET', 'box', { accept: 'text/event-stream' }).note).toBeUndefined();
  });
});

test('with ACTIVITY=edge nothing is reported', async () => {
  begin('edge');
  expect(watch('POST').note).toBeUndefined();
  await pass(600_000);
  expect(times()).toEqual([]);
});
