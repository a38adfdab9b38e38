import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Histogram } from '../../../src/stats/histogram.ts';

const times = fc.array(fc.double({ min: 0.11, max: 1_800_000, noNaN: true }), { minLength: 1 });
const part = fc.constantFrom(0.5, 0.95, 0.99);

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('a histogram of times', () => {
  test('is at most a tenth off the true quantile', () => {
    fc.assert(
      fc.property(times, part, (values, of) => {
        const sorted = [...values].sort((a, b) => a - b);
        const truth = sorted[Math.max(1, Math.ceil(values.length * of)) - 1] ?? 0;
        const said = histogramOf(values).quantile(of) ?? 0;
        expect(said / truth).toBeGreaterThan(0.9);
        expect(said / truth).toBeLessThan(1.1);
      }),
    );
  });

  test('adds up to what one histogram of all would be', () => {
    fc.assert(
      fc.property(times, times, (some, others) => {
        const sum = histogramOf(some);
        sum.add(histogramOf(others));
        expect(sum.toSparse()).toEqual(histogramOf([...some, ...others]).toSparse());
      }),
    );
  });

  test('is the same after it was sent', () => {
    fc.assert(
      fc.property(times, (values) => {
        const sent = JSON.parse(JSON.stringify(histogramOf(values).toSparse()));
        const read = Histogram.fromSparse(sent);
        expect(read.toSparse()).toEqual(sent);
        expect(read.count).toBe(values.length);
      }),
    );
  });

  test('takes whatever it is given, and any pairs', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), fc.array(fc.integer()), (values, pairs) => {
        expect(histogramOf(values).count).toBe(values.length);
        expect(Histogram.fromSparse(pairs).toSparse().length).toBeLessThanOrEqual(200);
      }),
    );
  });

  test('knows no quantile of nothing', () => {
    const histogram = histogramOf([5]);
    histogram.clear();
    expect(histogram.quantile(0.5)).toBeUndefined();
  });
});
