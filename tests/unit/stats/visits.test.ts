import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Visits } from '../../../src/stats/visits.ts';
import type { FinishedExchange } from '../../../src/telemetry/observer.ts';

const over = (id: string, carried = true) =>
  ({ sandbox: { id, port: 1 }, carried }) as FinishedExchange;

test('knows how many exchanges each sandbox has open', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.boolean()), { maxLength: 100 });
  fc.assert(
    fc.property(steps, (all) => {
      const visits = new Visits();
      const open: Record<string, number> = { a: 0, b: 0 };
      for (const [id, begins] of all) {
        const now = open[id] ?? 0;
        if (begins) visits.carried({ id, port: 1 });
        else if (now > 0) visits.finished(over(id));
        else continue;
        open[id] = now + (begins ? 1 : -1);
        expect(visits.of(`${id}:1`)?.open).toBe(open[id]);
      }
    }),
  );
});

test('does not count what never came to a sandbox', () => {
  const visits = new Visits();
  visits.carried({ id: 'a', port: 1 });
  visits.finished(over('a', false));
  expect(visits.of('a:1')).toEqual({ open: 1, idle: 0 });
  expect(visits.of('b:1')).toBeUndefined();
});

test('forgets those that nobody visits before its memory grows, and no other', () => {
  const visits = new Visits();
  visits.carried({ id: 'open', port: 1 });
  for (let i = 0; i < 20_000; i++) {
    visits.carried({ id: `s${i}`, port: 1 });
    visits.finished(over(`s${i}`));
  }
  const known = Array.from({ length: 20_000 }, (_, i) => visits.of(`s${i}:1`)).filter(Boolean);
  expect(known.length).toBeLessThan(10_000);
  expect(visits.of('open:1')?.open).toBe(1);
  expect(visits.of('s19999:1')?.open).toBe(0);
});

test('goes by what the cache keeps links by', () => {
  const visits = new Visits();
  visits.linkedBy = ({ id }) => ({ id, port: 0 });
  visits.carried({ id: 'a', port: 1 });
  visits.carried({ id: 'a', port: 2 });
  expect(visits.of('a:0')?.open).toBe(2);
});
