import { afterEach, expect, jest, test } from '@jest/globals';
import { GentleEnds } from '../../../src/lifecycle/gentleEnds.ts';

afterEach(() => {
  jest.useRealTimers();
});

/** Adds ends that note when they come; resolves with the times when all have. */
function note(ends: GentleEnds, count: number): Promise<number[]> {
  const times: number[] = [];
  return new Promise((resolve) => {
    for (let i = 0; i < count; i++) {
      ends.add(() => {
        times.push(performance.now());
        if (times.length === count) resolve(times);
      });
    }
  });
}

test('ends come evenly over the span, the first at once', async () => {
  jest.useFakeTimers(); // Whether they come evenly must not depend on what else the machine does.
  const ends = new GentleEnds();
  const noted = note(ends, 200);
  const start = performance.now();
  ends.begin(600, 5_000);
  await jest.advanceTimersByTimeAsync(600);
  const times = await noted;
  const within = (from: number, to: number) =>
    times.filter((time) => time - start >= from && time - start < to).length;
  expect(times[0]).toBe(start);
  for (const from of [0, 200, 400]) expect(Math.abs(within(from, from + 200) - 67)).toBeLessThan(3);
});

test('what is forgotten does not come, and what is added late does', async () => {
  const ends = new GentleEnds();
  let forgotten = 0;
  const forget = ends.add(() => forgotten++);
  ends.begin(50, 5_000);
  const early = forgotten;
  forget();
  ends.add(() => forgotten++)();
  expect(await note(ends, 3)).toHaveLength(3);
  expect(forgotten).toBe(early);
});

test('each hears how long it may wait', async () => {
  const ends = new GentleEnds();
  const allowed = new Promise<number>((resolve) => ends.add(resolve));
  ends.begin(0, 1_000);
  expect(await allowed).toBeGreaterThan(900);
  expect(await allowed).toBeLessThanOrEqual(1_000);
});
