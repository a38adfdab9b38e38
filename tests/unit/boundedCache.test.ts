import { expect, jest, test } from '@jest/globals';
import { BoundedCache } from '../../src/boundedCache.ts';

test('drops its oldest entries when full, and never throws', () => {
  const cache = new BoundedCache<number>(100);
  for (let i = 0; i < 1000; i++) cache.set(`k${i}`, i, 60_000);
  expect(cache.get('k999')).toBe(999);
  expect(cache.get('k0')).toBeUndefined();
  expect(cache.entries().length).toBeLessThanOrEqual(100);
});

test('finds nothing that was not put in', () => {
  const cache = new BoundedCache<number>(10);
  for (const key of ['constructor', '__proto__', 'hasOwnProperty', '']) {
    expect(cache.get(key)).toBeUndefined();
  }
});

test('deletes by prefix', () => {
  const cache = new BoundedCache<number>(10);
  for (const key of ['abc:1', 'abc:2', 'abcd:1']) cache.set(key, 1, 60_000);
  cache.deleteAll('abc:');
  expect(cache.entries().map(({ key }) => key)).toEqual(['abcd:1']);
});

test('keeps what it has for as long as it was told, whatever the clock says', () => {
  jest.useFakeTimers();
  try {
    const cache = new BoundedCache<number>(10);
    cache.set('a', 1, 60_000);
    for (const jumpMs of [3_600_000, -7_200_000]) {
      jest.setSystemTime(Date.now() + jumpMs);
      expect([cache.get('a'), cache.sweep()]).toEqual([1, 0]);
    }
    jest.advanceTimersByTime(60_000);
    expect([cache.entries().length, cache.sweep(), cache.get('a')]).toEqual([0, 1, undefined]);
  } finally {
    jest.useRealTimers();
  }
});
