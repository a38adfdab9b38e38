import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { proofOf } from '../../../src/diagnostics/proof.ts';

test('the proof says which key it was, but not the key', () => {
  const key = fc.string({ minLength: 8 });
  fc.assert(
    fc.property(key, key, (one, other) => {
      const proof = proofOf({ DAYTONA_API_KEY: one });
      expect(proof).toMatch(/^[\w-]{43}$/);
      expect(proof).not.toContain(one);
      expect(proof === proofOf({ DAYTONA_API_KEY: other })).toBe(one === other);
    }),
  );
});

test('the platform’s key stands in for the organization’s', () => {
  const both = { DAYTONA_API_KEY: 'the key', PROXY_API_KEY: 'the platform’s' };
  expect(proofOf(both)).toBe(proofOf({ DAYTONA_API_KEY: 'the key' }));
  expect(proofOf({ PROXY_API_KEY: 'the platform’s' })).toMatch(/^[\w-]{43}$/);
});

test('without a key there is none that anybody could know', () => {
  expect(proofOf({})).toBeUndefined();
  expect(proofOf({ DAYTONA_API_KEY: '' })).toBeUndefined();
});
