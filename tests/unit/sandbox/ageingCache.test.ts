import { expect, test } from '@jest/globals';
import { AgeingCache } from '../../../src/sandbox/ageingCache.ts';
import { eventually } from '../../support/eventually.ts';

test('is fresh, then ageing, then stale, then gone', async () => {
  const cache = new AgeingCache<string>(10, 300);
  cache.set('a', 'value', 300);
  expect(cache.get('a')).toEqual({ value: 'value', fresh: true, ageing: false });
  const met: string[] = [];
  const over = await eventually(() => {
    const found = cache.get('a');
    const now = found
      ? `${found.fresh ? 'fresh' : 'stale'}${found.ageing ? ', ageing' : ''}`
      : 'gone';
    if (met.at(-1) !== now) met.push(now);
    return found === undefined;
  });
  expect(over).toBe(true);
  expect(met).toEqual(['fresh', 'fresh, ageing', 'stale', 'gone']);
});

test('tells of fresh entries only, and nothing of their values, but counts the others too', async () => {
  const cache = new AgeingCache<string>(10, 60_000);
  cache.set('a', 'secret', 60_000);
  cache.set('b', 'secret', 1);
  expect(await eventually(() => cache.get('b')?.fresh === false)).toBe(true);
  expect(cache.entries()).toEqual([{ key: 'a', age: 0, remaining: 60 }]);
  expect(cache.size).toBe(2);
  cache.delete('a');
  expect(cache.size).toBe(1);
});

test('keeps nothing stale that nobody should be told', async () => {
  const cache = new AgeingCache<string>(10, 60_000);
  cache.set('a', 'stopped', 1, false);
  expect(await eventually(() => cache.get('a') === undefined, 1_000)).toBe(true);
});
