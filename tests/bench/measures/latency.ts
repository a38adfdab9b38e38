import { direct, type Entrant } from '../contenders/lineUp.ts';
import { openLoop } from '../load/openLoop.ts';
import { wrk } from '../load/wrk.ts';
import { Figure } from '../report/figure.ts';
import { percentile } from '../report/statistics.ts';
import { type Bench, inRounds } from './bench.ts';

const perSecond = 1000;
const percentiles = [
  ['P50', 0.5],
  ['P99', 0.99],
] as const;

/** Latency at a constant 1000 requests a second, and what of it the proxy adds. */
export async function measureLatency(
  bench: Bench,
  entrants: readonly Entrant[],
): Promise<Figure[]> {
  const figures = percentiles.map(([name, share]) => {
    const facts = { digits: 2, better: 'less' } as const;
    const label = `latency at ${perSecond} requests a second, ${name.toLowerCase()}`;
    return {
      share,
      whole: new Figure({ ...facts, id: `latency${name}`, label: `${label}, ms` }),
      added: new Figure({ ...facts, id: `added${name}`, label: `added ${label}, ms` }),
    };
  });
  const cold = !bench.options.only.has('requests');
  /** This round's latencies without a proxy, which go first. */
  let base: Float64Array | undefined;
  await inRounds(bench, 'latency', entrants, async ({ id, port }, round) => {
    const isBase = id === direct.id;
    if (isBase) base = undefined;
    // The code shall be hot, as in service; the requests measure leaves it so.
    if (round === 0 && cold) await wrk(port, 32, bench.options.seconds);
    const latencies = await openLoop(port, perSecond, round === 0 ? 1 : bench.options.seconds);
    if (isBase) base = latencies;
    if (!base) throw new Error('no latency without a proxy to compare with');
    const found: string[] = [];
    for (const { share, whole, added } of figures) {
      const value = percentile(latencies, share);
      found.push(value.toFixed(2));
      if (round === 0) continue;
      whole.add(id, value);
      if (!isBase) added.add(id, value - percentile(base, share));
    }
    return found.join('/');
  });
  return [...figures.map(({ added }) => added), ...figures.map(({ whole }) => whole)];
}
