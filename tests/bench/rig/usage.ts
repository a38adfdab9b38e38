import { readdirSync, readFileSync } from 'node:fs';

/** What a process and its children use, read from /proc. */

/** Measures how much of one core is used between two moments. */
export class CpuWatch {
  readonly #pid: number | undefined;
  readonly #startedAt = performance.now();
  readonly #before: number;

  constructor(pid: number | undefined) {
    this.#pid = pid;
    this.#before = pid === undefined ? 0 : cpuSeconds(pid);
  }

  /** @returns 1 for a whole core; undefined where there is no process */
  share(): number | undefined {
    if (this.#pid === undefined) return undefined;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    return (cpuSeconds(this.#pid) - this.#before) / seconds;
  }
}

/** Remembers the most resident memory that was seen while it watched, looking every 25 ms. */
export class MemoryWatch {
  readonly #pid: number | undefined;
  readonly #startKb: number;
  #peakKb: number;

  /** @param pid undefined where there is nothing to watch */
  constructor(pid: number | undefined) {
    this.#pid = pid;
    this.#startKb = pid === undefined ? 0 : residentKb(pid);
    this.#peakKb = this.#startKb;
  }

  /** The most above what it was at the beginning, in KiB. */
  get grownKb(): number {
    return this.#peakKb - this.#startKb;
  }

  async during(work: () => Promise<void>): Promise<void> {
    const timer = setInterval(() => this.#look(), 25);
    try {
      await work();
      this.#look();
    } finally {
      clearInterval(timer);
    }
  }

  #look(): void {
    if (this.#pid === undefined) return;
    try {
      this.#peakKb = Math.max(this.#peakKb, residentKb(this.#pid));
    } catch {
      // It has ended: the work fails, and says more.
    }
  }
}

/** Resident memory in KiB. */
export function residentKb(pid: number): number {
  return sum(pid, (one) => field(`/proc/${one}/status`, /^VmRSS:\s+(\d+)/m));
}

/** Resident memory in KiB, where a page shared by n processes counts for 1/n. */
export function proportionalKb(pid: number): number {
  return sum(pid, (one) => field(`/proc/${one}/smaps_rollup`, /^Pss:\s+(\d+)/m));
}

/** Processor time so far, in seconds; the kernel counts it in hundredths. */
export function cpuSeconds(pid: number): number {
  return sum(pid, (one) => statSeconds(one, 11));
}

/** Processor time of a process's children that have ended and were waited for, in seconds. */
export function endedChildrenSeconds(pid: number): number {
  return statSeconds(pid, 13);
}

/** @param at where the pair of user and system time stands, behind the name */
function statSeconds(pid: number, at: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in parentheses, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[at]) + Number(fields[at + 1])) / 100;
}

function sum(pid: number, of: (pid: number) => number): number {
  return family(pid).reduce((total, one) => total + of(one), 0);
}

function family(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}

function field(path: string, pattern: RegExp): number {
  return Number(pattern.exec(readFileSync(path, 'utf8'))?.[1] ?? 0);
}
