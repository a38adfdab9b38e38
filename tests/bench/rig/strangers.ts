import { readFileSync } from 'node:fs';
import { cpuSeconds, endedChildrenSeconds } from './usage.ts';

/** Measures how much of the machine is used by processes that are no part of the benchmark. */
export class StrangersWatch {
  readonly #startedAt = performance.now();
  readonly #before = strangersSeconds();

  /** @returns 1 for a whole core */
  share(): number {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    return (strangersSeconds() - this.#before) / seconds;
  }
}

function strangersSeconds(): number {
  const { pid } = process;
  return machineSeconds() - cpuSeconds(pid) - endedChildrenSeconds(pid);
}

/** What all cores have spent in processes, which leaves out interrupts. */
function machineSeconds(): number {
  const [, user, nice, system] = readFileSync('/proc/stat', 'utf8').split(/\s+/, 4);
  return (Number(user) + Number(nice) + Number(system)) / 100;
}
