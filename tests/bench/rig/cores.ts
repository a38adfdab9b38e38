import { spawnSync } from 'node:child_process';

/** Which cores the contender under test has, and which all the rest has. */
export interface Cores {
  readonly contender: string;
  readonly load: string;
}

/**
 * Moves this process, and by inheritance the load and the upstreams, off the first core that it
 * may use, which is left to the contender under test.
 *
 * @returns undefined where there is no taskset or only one core: then nothing is pinned
 */
export function divideCores(): Cores | undefined {
  const self = String(process.pid);
  const allowed = /: ([\d,-]+)\s*$/.exec(taskset('-pc', self))?.[1];
  const [first, ...others] = (allowed ?? '').split(',').flatMap(expand);
  if (first === undefined || others.length === 0) return undefined;
  const cores = { contender: String(first), load: others.join(',') };
  taskset('-apc', cores.load, self); // -a: Node's own threads too.
  return cores;
}

function taskset(...args: string[]): string {
  const { status, stdout } = spawnSync('taskset', args, { encoding: 'utf8' });
  return status === 0 ? stdout : '';
}

/** Reads `3` and `0-3`. */
function expand(range: string): number[] {
  const [from = Number.NaN, to = from] = range.split('-').filter(Boolean).map(Number);
  return Array.from({ length: to - from + 1 || 0 }, (_, i) => from + i);
}
