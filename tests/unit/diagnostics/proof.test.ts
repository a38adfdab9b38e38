import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isProof, proofOf } from '../../../src/diagnostics/proof.ts';

const minute = 60_000;
const now = 1_800_000_000_000;

test('the proof says which key it was, but not the key', () => {
  const key = fc.string({ minLength: 8 });
  fc.assert(
    fc.property(key, key, (one, other) => {
      const proof = proofOf({ DAYTONA_API_KEY: one }, now) ?? '';
      expect(proof).toMatch(/^[\w-]{43}$/);
      expect(proof).not.toContain(one);
      expect(isProof({ DAYTONA_API_KEY: other }, proof, now)).toBe(one === other);
    }),
  );
});

test('it is good for its minute, and for the one before and behind it', () => {
  const keys = { DAYTONA_API_KEY: 'the key' };
  const proof = proofOf(keys, now) ?? '';
  const good = [-2, -1, 0, 1, 2].filter((later) => isProof(keys, proof, now + later * minute));
  expect(good).toEqual([-1, 0, 1]);
});

test('the platform’s key stands in for the organization’s', () => {
  const both = { DAYTONA_API_KEY: 'the key', PROXY_API_KEY: 'the platform’s' };
  expect(proofOf(both, now)).toBe(proofOf({ DAYTONA_API_KEY: 'the key' }, now));
  expect(proofOf({ PROXY_API_KEY: 'the platform’s' }, now)).toMatch(/^[\w-]{43}$/);
});

test('without a key there is none that anybody could know', () => {
  for (const keys of [{}, { DAYTONA_API_KEY: '' }]) {
    expect(proofOf(keys, now)).toBeUndefined();
    for (const proof of ['', 'undefined']) expect(isProof(keys, proof, now)).toBe(false);
  }
});
