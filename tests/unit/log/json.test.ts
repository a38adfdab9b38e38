import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { jsonMembers, timestamp } from '../../../src/log/json.ts';

test('writes any facts as JSON that reads back the same', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean());
  const facts = fc.dictionary(fc.stringMatching(/^[a-zA-Z]{1,9}$/), value);
  fc.assert(
    fc.property(facts, (given) => {
      expect(JSON.parse(`{${jsonMembers(given)}}`)).toEqual({ ...given });
    }),
  );
});

test('leaves out what is not there', () => {
  expect(jsonMembers({ a: undefined, b: 1 })).toBe('"b":1');
  expect(jsonMembers({})).toBe('');
});

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
