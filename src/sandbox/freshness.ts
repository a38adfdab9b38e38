import { readState } from './state.ts';

/** A sandbox that does not run is asked about again soon: somebody is likely starting it. */
const notRunningMs = 2_000;
/** How long what Daytona tells is taken for true. */
export interface Freshness {
  /** How long a link is fresh, in ms. */
  readonly ttlMs: number;
  /** How long it counts that a sandbox runs, and is public or not, in ms. */
  readonly factsMs: number;
  /** How much longer the last answer serves where Daytona has none, in ms. */
  readonly staleMs: number;
}

/** How long the facts of a sandbox in that state are fresh, in ms. */
export function factsMs({ factsMs: runningMs }: Freshness, state: string): number {
  return readState(state) === 'running' ? runningMs : Math.min(runningMs, notRunningMs);
}

/** How long the link of a sandbox that may not run is kept: a start renews its token. */
export const unsureLinkMs = notRunningMs;
