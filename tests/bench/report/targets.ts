import type { Figure } from './figure.ts';

/** What this proxy has to reach: a bound on a figure, absolute or as a multiple of a peer's. */
export interface Target {
  readonly figure: string;
  readonly bound: number;
  /** Id of the contender whose figure the bound is a multiple of; undefined for an absolute one. */
  readonly of?: string;
}

export const targets: readonly Target[] = [
  { figure: 'requests', bound: 2, of: 'express' },
  { figure: 'requests', bound: 1.5, of: 'fastify' },
  { figure: 'requests', bound: 1, of: 'caddy' },
  { figure: 'addedP50', bound: 0.5 },
  { figure: 'addedP99', bound: 1, of: 'caddy' },
  { figure: 'download', bound: 1, of: 'express' },
  // "Flat": far less than what passes, although Node collects its garbage when it likes.
  { figure: 'downloadGrowth', bound: 50 },
  { figure: 'upload', bound: 1, of: 'express' },
  { figure: 'uploadGrowth', bound: 50 },
  { figure: 'echoes', bound: 1, of: 'caddy' },
  { figure: 'echoesPerCpuSecond', bound: 1, of: 'caddy' },
  { figure: 'idle', bound: 30 },
  { figure: 'idle', bound: 0.5, of: 'caddy' },
];

export interface Verdict {
  readonly target: Target;
  readonly figure: Figure;
  readonly ours: number | undefined;
  /** The peer's figure; undefined for an absolute bound, or where the peer was not measured. */
  readonly peers: number | undefined;
  /** undefined where either side was not measured */
  readonly reached: boolean | undefined;
}

/** Judges the targets of the figures that were measured. */
export function judge(figures: readonly Figure[], ourId: string): Verdict[] {
  return targets.flatMap((target) => {
    const figure = figures.find(({ id }) => id === target.figure);
    if (!figure) return [];
    const ours = figure.median(ourId);
    const peers = target.of === undefined ? undefined : figure.median(target.of);
    // Multiplied, not divided: an added latency may be below zero, by chance.
    const bound = target.bound * (target.of === undefined ? 1 : (peers ?? Number.NaN));
    return [{ target, figure, ours, peers, reached: holds(figure, ours, bound) }];
  });
}

function holds({ better }: Figure, ours: number | undefined, bound: number): boolean | undefined {
  if (ours === undefined || Number.isNaN(bound)) return undefined;
  return better === 'more' ? ours >= bound : ours <= bound;
}
