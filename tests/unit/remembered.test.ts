import { expect, test } from '@jest/globals';
import { remembered } from '../../src/remembered.ts';

test('asks once for each text', () => {
  let asked = 0;
  const length = remembered((text) => {
    asked += 1;
    return text.length;
  });
  expect([length('abc'), length('abc'), length('constructor'), length('__proto__')]).toEqual([
    3, 3, 11, 9,
  ]);
  expect(asked).toBe(3);
});

test('stays right and small when strangers invent texts', () => {
  let asked = 0;
  const same = remembered((text) => {
    asked += 1;
    return text;
  });
  for (let i = 0; i < 5_000; i++) expect(same(`x-${i}`)).toBe(`x-${i}`);
  expect(same('x-1')).toBe('x-1');
  expect(asked).toBe(5_001);
});
