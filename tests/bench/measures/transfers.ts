import type { Entrant } from '../contenders/lineUp.ts';
import { download, upload } from '../load/transfer.ts';
import { Figure } from '../report/figure.ts';
import { largeBytes } from '../rig/upstreams.ts';
import { CpuWatch, MemoryWatch } from '../rig/usage.ts';
import { type Bench, inRounds } from './bench.ts';

const transfersInRound = 3;

/**
 * 100 MB in one piece, and how much memory that takes: the most that a contender had during a
 * timed round above what it had at that round's beginning.
 */
export async function measureTransfers(
  bench: Bench,
  entrants: readonly Entrant[],
  direction: 'download' | 'upload',
): Promise<Figure[]> {
  const label = `100 MB ${direction}`;
  const speed = new Figure({ id: direction, label: `${label}, MB/s`, digits: 0, better: 'more' });
  const growth = new Figure({
    id: `${direction}Growth`,
    label: `most memory growth in ${transfersInRound} such ${direction}s after the warm-up, MB`,
    digits: 1,
    better: 'less',
    ratios: false, // Of small numbers, mostly of when each collects its garbage.
  });
  const once = direction === 'download' ? download : upload;
  const mostGrown = new Map<string, number>();

  await inRounds(bench, label, entrants, async ({ id, port, pid }, round) => {
    const memory = new MemoryWatch(pid);
    const cpu = new CpuWatch(pid);
    let seconds = 0;
    await memory.during(async () => {
      for (let i = 0; i < transfersInRound; i++) seconds += await once(port);
    });
    const megabytes = (transfersInRound * largeBytes) / 2 ** 20 / seconds;
    if (round > 0) {
      speed.add(id, megabytes, cpu.share());
      mostGrown.set(id, Math.max(mostGrown.get(id) ?? 0, memory.grownKb));
    }
    return `${megabytes.toFixed(0)} (+${(memory.grownKb / 1024).toFixed(0)} MB)`;
  });
  for (const { id, pid } of entrants) {
    const grown = mostGrown.get(id);
    if (pid !== undefined && grown !== undefined) growth.add(id, grown / 1024);
  }
  return [speed, growth];
}
