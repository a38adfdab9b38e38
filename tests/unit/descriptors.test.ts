import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { affordable, saysScarce, servable, wereScarceSince } from '../../src/descriptors.ts';

const failure = (code: string) => Object.assign(new Error(code), { code });

describe('descriptors', () => {
  test('suffice for two of each connection, and for something beside', () => {
    fc.assert(
      fc.property(fc.integer({ min: 128, max: 2_000_000 }), (descriptors) => {
        expect(2 * servable(descriptors) + 64).toBeLessThanOrEqual(descriptors);
      }),
    );
    expect(servable(1_024)).toBe(460);
    expect(servable(65_536)).toBeGreaterThan(20_000);
    expect(servable(3)).toBe(1);
  });

  test('limit only who wants more than there are', () => {
    expect(affordable(1)).toBe(1);
    expect(affordable(1e9)).toBeLessThan(1e9);
  });

  test('are known to be scarce by an error, or by one behind it, and for whatever began before', () => {
    const begun = performance.now();
    expect(saysScarce(failure('ECONNREFUSED'))).toBe(false);
    expect(saysScarce(undefined)).toBe(false);
    expect(wereScarceSince(begun)).toBe(false);
    expect(saysScarce(new Error('no address', { cause: failure('EMFILE') }))).toBe(true);
    expect(wereScarceSince(begun)).toBe(true);
    expect(wereScarceSince(performance.now() + 1)).toBe(false);
  });

  test('that have run out behind a circle of errors end the search', () => {
    const error = new Error('a');
    error.cause = error;
    expect(saysScarce(error)).toBe(false);
  });
});
