import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { retryAfterOf } from '../../../src/sandbox/apiCalls.ts';

describe('how long a limited API is left alone', () => {
  test.each([
    [{ 'retry-after-authenticated': '7' }, 7],
    [{ 'Retry-After': '3' }, 3],
    [{ 'retry-after': '2', 'retry-after-anonymous': '9' }, 9],
    [{ 'retry-after': '86400' }, 60],
    [{ 'retry-after': 'soon' }, 1],
    [{}, 1],
  ])('is read from %o', (headers, seconds) => {
    expect(retryAfterOf(headers)).toBe(seconds);
  });

  test('is read from a date too', () => {
    const date = new Date(Date.now() + 20_000).toUTCString();
    expect(retryAfterOf({ 'retry-after': date })).toBeGreaterThanOrEqual(19);
    expect(retryAfterOf({ 'retry-after': date })).toBeLessThanOrEqual(20);
  });

  test('is from 1 to 60 seconds, whatever stands there', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.integer(), fc.constant(undefined)), (value) => {
        const seconds = retryAfterOf({ 'retry-after': value });
        expect(seconds).toBeGreaterThanOrEqual(1);
        expect(seconds).toBeLessThanOrEqual(60);
      }),
    );
  });
});
