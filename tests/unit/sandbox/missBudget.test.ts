import { expect, test } from '@jest/globals';
import { ProxyError } from '../../../src/replies/errors.ts';
import { MissBudget, type Outcome } from '../../../src/sandbox/missBudget.ts';

const isMiss = (outcome: Outcome<unknown>) =>
  'error' in outcome && outcome.error instanceof Error && outcome.error.message === 'missing';
const miss = async () => {
  throw new Error('missing');
};
const outcome = (promise: Promise<unknown>) =>
  promise.then(
    () => 'found',
    (error) => (error instanceof ProxyError ? error.status : error.message),
  );

const budgetOf = (perClient: number, inAll: number, windowMs = 60_000) =>
  new MissBudget({ windowMs, perClient, inAll });

test('lets a client miss so often, and then no more', async () => {
  const budget = budgetOf(3, 0);
  const outcomes: unknown[] = [];
  for (let i = 0; i < 5; i++) outcomes.push(await outcome(budget.spend('a', miss, isMiss)));
  expect(outcomes).toEqual(['missing', 'missing', 'missing', 429, 429]);
  expect(await outcome(budget.spend('b', miss, isMiss))).toBe('missing');
});

test('has a bound for all, which is nobody’s fault', async () => {
  const budget = budgetOf(0, 2);
  const outcomes: unknown[] = [];
  for (const client of ['a', 'b', 'c']) {
    outcomes.push(await outcome(budget.spend(client, miss, isMiss)));
  }
  expect(outcomes).toEqual(['missing', 'missing', 503]);
});

test('counts neither what is found nor what fails otherwise', async () => {
  const budget = budgetOf(1, 1);
  for (let i = 0; i < 10; i++) await budget.spend('a', async () => 'found', isMiss);
  const broken = async () => {
    throw new Error('broken');
  };
  expect(await outcome(budget.spend('a', broken, isMiss))).toBe('broken');
  expect(await outcome(budget.spend('a', miss, isMiss))).toBe('missing');
});

test('never has more calls under way than could all be misses', async () => {
  const budget = budgetOf(10, 0);
  let calls = 0;
  let under = 0;
  let most = 0;
  const slow = async () => {
    calls += 1;
    under += 1;
    most = Math.max(most, under);
    await new Promise((done) => setImmediate(done));
    under -= 1;
    throw new Error('missing');
  };
  const outcomes = await Promise.all(
    Array.from({ length: 500 }, () => outcome(budget.spend('a', slow, isMiss))),
  );
  expect([calls, most]).toEqual([10, 10]);
  expect(outcomes.filter((each) => each === 429)).toHaveLength(490);
});

test('delays, and does not refuse, a client that asks for much that exists', async () => {
  const budget = budgetOf(10, 0);
  const slow = async () => {
    await new Promise((done) => setImmediate(done));
  };
  const outcomes = await Promise.all(
    Array.from({ length: 500 }, () => outcome(budget.spend('a', slow, isMiss))),
  );
  expect(new Set(outcomes)).toEqual(new Set(['found']));
});
