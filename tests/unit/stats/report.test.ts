import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { reportOf } from '../../../src/stats/report.ts';
import {
  type Cached,
  codesOf,
  received,
  type Summary,
  sendable,
  sentSummary,
} from '../../../src/stats/summary.ts';
import { Tally } from '../../../src/stats/tally.ts';

const count = fc.integer({ min: 0, max: 1_000_000 });
const tally = fc
  .record({
    requests: count,
    failed: count,
    hits: count,
    misses: count,
    apiFailures: count,
    limited: count,
    refused: count,
    openSockets: count,
    times: fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { maxLength: 20 }),
  })
  .map(({ times, ...facts }) => {
    const made = Object.assign(new Tally(), facts);
    for (const ms of times) {
      made.latency.record(ms);
      made.apiLatency.record(ms / 2);
    }
    return made;
  });

function summaryOf(facts: Partial<Summary> = {}): Summary {
  const points = facts.points ?? Array.from({ length: 60 }, () => new Tally());
  return {
    id: '83792513-cd9e-428f-99c0-63c63bc7739c',
    name: 'machine:3002',
    version: '1.0.0',
    uptime: 100,
    draining: false,
    seconds: 60,
    open: { requests: 0, sockets: 0, streams: 0, connections: 0 },
    totalCached: facts.sandboxes?.length ?? 0,
    sandboxes: [],
    minute: codesOf(points.slice(-1)),
    hour: codesOf(points),
    ...facts,
    points,
  };
}

const cached = (facts: Partial<Cached>): Cached => ({
  key: 'a:3000',
  age: 10,
  remaining: 50,
  open: 0,
  idle: null,
  ...facts,
});

/** A summary of one last minute. */
function lastMinute(fill: (tally: Tally) => void, facts: Partial<Summary> = {}): Summary {
  const points = Array.from({ length: 60 }, () => new Tally());
  fill(points[59] as Tally);
  return summaryOf({ ...facts, points });
}

describe('a summary', () => {
  test('says the same to the instance that reads it', () => {
    const points = fc.array(tally, { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(points, (all) => {
        const summary = summaryOf({ points: all, sandboxes: [cached({})] });
        const sent = JSON.parse(JSON.stringify(sendable(summary)));
        const read = received(sentSummary.parse(sent));
        expect(reportOf([read], 'redis')).toEqual(reportOf([summary], 'redis'));
      }),
      { numRuns: 20 },
    );
  });

  test('of another shape is none', () => {
    const sent = sendable(summaryOf());
    expect(sentSummary.safeParse(sent).success).toBe(true);
    expect(sentSummary.safeParse({ ...sent, points: sent.points.slice(1) }).success).toBe(false);
    const [point = ''] = sent.points;
    for (const other of ['', 'x', `${point} -1`, `${point} 1.5`, `1 ${point}`, `${point};`]) {
      const points = [other, ...sent.points.slice(1)];
      expect([other, sentSummary.safeParse({ ...sent, points }).success]).toEqual([other, false]);
    }
    expect(sentSummary.safeParse({ ...sent, name: 'x'.repeat(201) }).success).toBe(false);
    const many = Array.from({ length: 101 }, () => cached({}));
    expect(sentSummary.safeParse({ ...sent, sandboxes: many }).success).toBe(false);
  });
});

describe('the report', () => {
  test('adds up what several instances tell, and their times too', () => {
    const one = lastMinute((point) => {
      point.requests = 60;
      point.countCode('app 404', 2);
      for (let i = 0; i < 60; i++) point.latency.record(10);
    });
    const two = lastMinute(
      (point) => {
        point.requests = 60;
        point.failed = 1;
        point.countCode('app 404');
        point.countCode('RATE_LIMITED');
        for (let i = 0; i < 60; i++) point.latency.record(1_000);
      },
      { seconds: 10, id: 'b3792513-cd9e-428f-99c0-63c63bc7739c', name: 'other:3002' },
    );
    const { texts, errors, instances, plots } = reportOf([one, two], 'redis');
    expect(texts).toMatchObject({ rate: '7', requestsHour: '120', failed: '1', store: 'redis' });
    expect(texts.p50).toMatch(/^(9\.\d|1[01]) ms$/);
    expect(texts.p95).toMatch(/^(9\d\d ms|1\.[01] s)$/);
    expect(errors.map(({ cells }) => cells)).toEqual([
      ['app 404', '3', '3'],
      ['RATE_LIMITED', '1', '1'],
    ]);
    expect(instances.map(({ cells }) => cells.slice(0, 2))).toEqual([
      ['machine:3002 (this one)', '1'],
      ['other:3002', '6'],
    ]);
    expect(plots.requests?.[0]?.at(-1)).toBe(7);
    expect(plots.requests?.[0]).toHaveLength(60);
  });

  test('has one row for a sandbox that several instances cache, the busiest first', () => {
    const one = summaryOf({
      sandboxes: [cached({ key: 'quiet:1' }), cached({ key: 'busy:1', open: 1, idle: 5 })],
    });
    const two = summaryOf({
      sandboxes: [
        cached({ key: 'busy:1', open: 2, age: 3, remaining: 57 }),
        cached({ key: 'recent:1', idle: 2 }),
      ],
    });
    const { sandboxes, texts } = reportOf([one, two], 'redis');
    expect(sandboxes.map(({ cells }) => cells)).toEqual([
      ['busy:1', '3 s', '57 s', '3', '5 s ago'],
      ['recent:1', '10 s', '50 s', '0', '2 s ago'],
      ['quiet:1', '10 s', '50 s', '0', '–'],
    ]);
    expect([texts.totalCached, texts.shown]).toEqual(['3', '']);
  });

  test('says how many sandboxes it does not show', () => {
    const { texts } = reportOf([summaryOf({ sandboxes: [cached({})], totalCached: 5_000 })], 'x');
    expect([texts.totalCached, texts.shown]).toEqual(['5,000', '1 of them are shown.']);
  });

  test('has gaps where there was nothing to measure', () => {
    const { texts, plots } = reportOf([summaryOf()], 'memory');
    expect([texts.p50, texts.hitRate, texts.failedPart]).toEqual(['–', '–', '–']);
    expect(plots.latency?.[0]?.every((value) => value === null)).toBe(true);
    expect(plots.hitRate?.[0]?.at(-1)).toBe(null);
    expect(plots.failed?.[0]?.at(-1)).toBe(0);
  });
});
