import { expect, test } from '@jest/globals';
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
