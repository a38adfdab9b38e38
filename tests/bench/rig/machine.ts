import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Cores } from './cores.ts';
import { programVersion } from './program.ts';

/** Where the figures come from. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly wrk: string;
  readonly pinned: Cores | null;
  /** Processes that wanted to run when the benchmark began, over one minute. */
  readonly loadBefore: number;
}

/** @param count of cores, asked before this process was pinned */
export function describeMachine(count: number, pinned: Cores | undefined): Machine {
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: count,
    memoryGb: Math.round(os.totalmem() / 2 ** 30),
    system: `${distribution()}, Linux ${os.release()}`,
    node: process.versions.node,
    wrk: programVersion('wrk', '-v') ?? 'none',
    pinned: pinned ?? null,
    loadBefore: os.loadavg()[0] ?? 0,
  };
}

function distribution(): string {
  const text = readFileSync('/etc/os-release', 'utf8');
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? 'unknown system';
}

export function machineSentence(machine: Machine): string {
  const { cpu, cores, memoryGb, system, node, pinned, loadBefore } = machine;
  const pins = pinned
    ? `The proxy under test has core ${pinned.contender} for itself; load and upstream have core ${pinned.load}.`
    : 'Nothing is pinned: there is no taskset here, or only one core.';
  return `${cpu}, ${cores} cores, ${memoryGb} GB, ${system}, Node ${node}. ${pins} Load average before: ${loadBefore.toFixed(2)}.`;
}
