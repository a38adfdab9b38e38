import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { timestamp } from '../../../src/log/timestamp.ts';

test('writes the time as Date does, within a second and across seconds', () => {
  const times = fc.array(fc.integer({ min: 0, max: 4_000_000_000_000 }));
  fc.assert(
    fc.property(times, (all) => {
      for (const now of all) {
        expect(timestamp(now)).toBe(new Date(now).toISOString());
        expect(timestamp(now + 1)).toBe(new Date(now + 1).toISOString());
      }
    }),
  );
});
