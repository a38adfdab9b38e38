import { enter } from '../contenders/lineUp.ts';
import { Figure } from '../report/figure.ts';
import type { Upstream } from '../rig/upstreams.ts';
import { residentKb } from '../rig/usage.ts';
import { type Bench, inRounds, settle } from './bench.ts';

/** How long a process needs from its start to its first answer, and what it then has in memory. */
export async function measureStart(bench: Bench, upstream: Upstream): Promise<Figure[]> {
  const facts = { digits: 0, better: 'less' } as const;
  const time = new Figure({ ...facts, id: 'coldStart', label: 'start to first answer, ms' });
  const memory = new Figure({ ...facts, id: 'atRest', label: 'resident memory at rest, MB' });
  await inRounds(bench, 'start', bench.proxies, async (contender, round) => {
    const entrant = await enter(contender, upstream, bench.cores?.contender);
    const { id, pid = 0, firstAnswerMs, stop } = entrant;
    try {
      await settle(1000);
      const megabytes = residentKb(pid) / 1024;
      if (round > 0) time.add(id, firstAnswerMs);
      if (round > 0) memory.add(id, megabytes);
      return `${firstAnswerMs.toFixed(0)} ms, ${megabytes.toFixed(0)} MB`;
    } finally {
      await stop();
    }
  });
  return [time, memory];
}
