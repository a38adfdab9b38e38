import { expect, test } from '@jest/globals';
import { Budget } from '../../../src/egress/budget.ts';

test('gives each key the same in a window, and all anew with the next', () => {
  let now = 0;
  const budget = new Budget(10, 1000, () => now);
  expect([budget.spend('a', 6), budget.spend('a', 4), budget.spend('a', 1)]).toEqual([
    true,
    true,
    false,
  ]);
  expect([budget.isSpent('a'), budget.isSpent('b')]).toEqual([true, false]);
  now = 999;
  expect([budget.isSpent('a'), budget.secondsLeft]).toEqual([true, 1]);
  now = 1000;
  expect([budget.isSpent('a'), budget.spend('a', 10)]).toEqual([false, true]);
});

test('has windows of one length, also after a long time without use', () => {
  let now = 0;
  const budget = new Budget(1, 1000, () => now);
  now = 5_900;
  budget.spend('a', 1);
  now = 6_000;
  expect(budget.spend('a', 1)).toBe(true);
});

test('has no limit where that is 0', () => {
  const budget = new Budget(0, 1000);
  expect([budget.spend('a', 1e15), budget.isSpent('a')]).toEqual([true, false]);
});

test('remembers 100 000 keys and forgets the first of more', () => {
  const budget = new Budget(1, 1e9);
  for (let i = 0; i <= 100_000; i += 1) budget.spend(`key ${i}`, 1);
  expect([budget.isSpent('key 0'), budget.isSpent('key 1')]).toEqual([false, true]);
  expect(budget.isSpent('key 100000')).toBe(true);
});
