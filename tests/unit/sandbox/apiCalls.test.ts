import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { ApiCalls, retryAfterOf } from '../../../src/sandbox/apiCalls.ts';

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

describe('a call for which no descriptor was left', () => {
  const scarce = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' });
  const told: string[] = [];
  const calls = new ApiCalls({ timeoutMs: 1_000, onFailure: (name) => told.push(name) });
  const call = (ask: () => Promise<unknown>) => calls.call('sandbox', z.unknown(), ask);

  test('is this machine’s failure and not Daytona’s, which is asked on', async () => {
    for (let i = 0; i < 20; i++) {
      await expect(call(() => Promise.reject(scarce))).rejects.toMatchObject({
        code: 'OVERLOADED',
        retryAfter: 1,
      });
    }
    expect(told).toEqual([]);
    expect(await call(async () => 'found')).toBe('found');
  });

  test('is known also where the error does not say so, if it ran out meanwhile', async () => {
    const unclear = async () => {
      await call(() => Promise.reject(scarce)).catch(() => {});
      throw new Error('Network Error');
    };
    await expect(call(unclear)).rejects.toMatchObject({ code: 'OVERLOADED' });
    const refused = () => Promise.reject(new Error('Network Error'));
    await expect(call(refused)).rejects.toMatchObject({ code: 'DAYTONA_UNAVAILABLE' });
    expect(told).toEqual(['sandbox']);
  });
});
