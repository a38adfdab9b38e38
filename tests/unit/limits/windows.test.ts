import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isAhead, secondsLeft } from '../../../src/limits/windows.ts';

const windowMs = 60_000;
const ending = (inMs: number) => ({ totalHits: 1, resetTime: new Date(Date.now() + inMs) });

describe('a window of the rate limit', () => {
  test('never has more seconds left than it has at its beginning, and never none', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e12, max: 1e12 }), (inMs) => {
        const seconds = secondsLeft(ending(inMs), windowMs);
        expect(seconds).toBeGreaterThanOrEqual(1);
        expect(seconds).toBeLessThanOrEqual(60);
      }),
    );
    expect(secondsLeft({ totalHits: 1, resetTime: undefined }, windowMs)).toBe(60);
    expect(secondsLeft(ending(20_500), windowMs)).toBe(21);
  });

  test('is ahead where the clock was put back since it began', () => {
    expect(isAhead(ending(3_600_000), windowMs)).toBe(true);
    expect(isAhead(ending(windowMs), windowMs)).toBe(false);
    expect(isAhead(ending(-3_600_000), windowMs)).toBe(false);
  });
});
