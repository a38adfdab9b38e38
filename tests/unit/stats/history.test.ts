import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { History } from '../../../src/stats/history.ts';
import type { FinishedExchange } from '../../../src/telemetry/observer.ts';

const hourMs = 3_600_000;
const request = (facts: Partial<FinishedExchange> = {}) =>
  ({
    kind: 'request',
    status: 200,
    code: undefined,
    sandbox: { id: 'a', port: 3000 },
    cache: 'hit',
    durationMs: 20,
    firstByteMs: 10,
    ...facts,
  }) as FinishedExchange;

/** A history whose clock the test sets. */
function historyAt(start = 1_234) {
  const clock = { now: start };
  return { clock, history: new History(() => clock.now) };
}

describe('the last hour', () => {
  test('has every request in the minute in which it ended, and forgets it after an hour', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 60 });
    fc.assert(
      fc.property(gaps, (all) => {
        const { clock, history } = historyAt();
        const start = clock.now;
        const ends: number[] = [];
        for (const gap of all) {
          clock.now += gap;
          ends.push(clock.now);
          history.finished(request());
        }
        const slotOf = (at: number) => Math.floor((at - start) / 10_000);
        const expected = Array.from({ length: 60 }, () => 0);
        for (const at of ends) {
          const minutesAgo = Math.floor((slotOf(clock.now) - slotOf(at)) / 6);
          if (minutesAgo < 60) expected[59 - minutesAgo] = (expected[59 - minutesAgo] ?? 0) + 1;
        }
        expect(history.points().map(({ requests }) => requests)).toEqual(expected);
      }),
    );
  });

  test('is empty after an hour in which nothing came', () => {
    const { clock, history } = historyAt();
    history.finished(request({ status: 502, code: 'PORT_NOT_LISTENING' }));
    history.apiCall('link', 'ok', 5);
    history.limited('rate', 3);
    history.noteOpen(7);
    clock.now += 3 * hourMs;
    for (const point of history.points()) {
      expect([point.requests, point.failed, point.apiCalls, point.limited]).toEqual([0, 0, 0, 0]);
      expect([point.openSockets, point.codes.size]).toEqual([0, 0]);
    }
  });

  test('knows how much of the last minute there has been', () => {
    const { clock, history } = historyAt();
    expect(history.lastSeconds()).toBe(0);
    clock.now += 4_000;
    expect(history.lastSeconds()).toBe(4);
    clock.now += hourMs;
    expect(history.lastSeconds()).toBe(54);
  });
});

describe('an exchange', () => {
  const lastOf = (...exchanges: Partial<FinishedExchange>[]) => {
    const { history } = historyAt();
    for (const facts of exchanges) history.finished(request(facts));
    const tally = history.points().at(-1);
    if (!tally) throw new Error('no point');
    return tally;
  };

  test('counts by its error, or by the app’s status', () => {
    const { codes, failed, refused, requests } = lastOf(
      { status: 404 },
      { status: 500 },
      { status: 503, code: 'SANDBOX_NOT_RUNNING' },
      { status: 401, code: 'LOGIN_REQUIRED' },
      { status: 200, code: 'UPSTREAM_UNREACHABLE' },
      { status: 499 },
      {},
    );
    expect(Object.fromEntries(codes)).toEqual({
      'app 404': 1,
      'app 500': 1,
      SANDBOX_NOT_RUNNING: 1,
      LOGIN_REQUIRED: 1,
      UPSTREAM_UNREACHABLE: 1,
      'visitor left': 1,
    });
    expect([failed, refused, requests]).toEqual([3, 1, 7]);
  });

  test('that asked for a page of ours counts only where it was refused', () => {
    const { requests } = lastOf(
      { sandbox: undefined },
      { sandbox: undefined, code: 'RATE_LIMITED', status: 429 },
    );
    expect(requests).toBe(1);
  });

  test('that lasted counts where it failed, and is measured by nothing: it began hours ago', () => {
    const lasted = [{ kind: 'websocket', status: 101 } as const, { kind: 'events' } as const];
    const left = lasted.map((facts) => ({ ...facts, status: 499 }));
    const well = lastOf(...lasted, ...left);
    expect([well.requests, well.latency.count, well.codes.size, well.hits]).toEqual([0, 0, 0, 0]);
    const cut = lasted.map((facts) => ({ ...facts, code: 'UPSTREAM_UNREACHABLE' as const }));
    const refused = { kind: 'websocket', status: 404 } as const;
    const { requests, failed, codes, latency } = lastOf(...cut, refused);
    expect([requests, failed, latency.count]).toEqual([3, 2, 0]);
    expect(Object.fromEntries(codes)).toEqual({ UPSTREAM_UNREACHABLE: 2, 'app 404': 1 });
  });

  test('went by the cache, or not', () => {
    const { hits, misses, hitRate } = lastOf(
      { cache: 'hit' },
      { cache: 'hit' },
      { cache: 'hit' },
      { cache: 'stale' },
      { cache: undefined },
    );
    expect([hits, misses, hitRate]).toEqual([3, 1, 0.75]);
  });

  test('of any kind of error takes no memory beyond a bound', () => {
    const exchanges = Array.from({ length: 200 }, (_, i) => ({ status: 500 + i }));
    const { codes } = lastOf(...exchanges);
    expect(codes.size).toBe(41);
    expect([...codes.values()].reduce((sum, times) => sum + times, 0)).toBe(200);
  });
});
