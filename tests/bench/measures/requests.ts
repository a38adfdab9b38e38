import type { Entrant } from '../contenders/lineUp.ts';
import { wrk } from '../load/wrk.ts';
import { Figure } from '../report/figure.ts';
import { CpuWatch } from '../rig/usage.ts';
import { type Bench, inRounds } from './bench.ts';

/**
 * A just-in-time compiler needs some fifty thousand requests before a program is what it will be,
 * and throws much of its work away when connections end for the first time: so there are two
 * warm-ups, and the others' turns between them.
 */
const warmUpSeconds = 10;
const firstWarmUp = -1;

/** Small GETs a second over 32 keep-alive connections. */
export async function measureRequests(
  bench: Bench,
  entrants: readonly Entrant[],
): Promise<Figure[]> {
  const label = 'small GETs a second, 32 connections, one core';
  const figure = new Figure({ id: 'requests', label, digits: 0, better: 'more' });
  await inRounds(
    bench,
    'requests',
    entrants,
    async (entrant, round) => {
      const { id, port, pid } = entrant;
      const linesBefore = await entrant.accessLines?.();
      const cpu = new CpuWatch(pid);
      const seconds = round <= 0 ? warmUpSeconds : bench.options.seconds;
      const { perSecond, requests } = await wrk(port, 32, seconds);
      const busy = cpu.share();
      const lines = await entrant.accessLines?.();
      if (lines !== undefined && lines - (linesBefore ?? 0) < requests) {
        throw new Error(`${requests} requests, but ${lines - (linesBefore ?? 0)} access lines`);
      }
      if (round > 0) figure.add(id, perSecond, busy);
      return perSecond.toFixed(0);
    },
    firstWarmUp,
  );
  return [figure];
}
