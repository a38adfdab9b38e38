import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Occupancy } from '../../../src/limits/occupancy.ts';

test('never lets more in than the limit, and forgets nobody who is inside', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.constantFrom('a', 'b')), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), steps, (limit, taken) => {
      const occupancy = new Occupancy(limit);
      const inside = { a: 0, b: 0 };
      for (const [enter, key] of taken as [boolean, 'a' | 'b'][]) {
        if (enter) {
          expect(occupancy.take(key)).toBe(inside[key] < limit);
          inside[key] = Math.min(limit, inside[key] + 1);
        } else if (inside[key] > 0) {
          occupancy.release(key);
          inside[key] -= 1;
        }
      }
    }),
  );
});

test('has no limit at 0', () => {
  const occupancy = new Occupancy(0);
  for (let i = 0; i < 10_000; i++) expect(occupancy.take('a')).toBe(true);
});
