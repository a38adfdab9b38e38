const gone: ReadonlySet<string> = new Set(['destroyed', 'destroying']);

const asleep: ReadonlySet<string> = new Set([
  'stopped',
  'stopping',
  'archived',
  'archiving',
  'paused',
  'pausing',
  'error',
  'build_failed',
]);

const onItsWay: ReadonlySet<string> = new Set([
  'creating',
  'restoring',
  'starting',
  'resuming',
  'pending_build',
  'building_snapshot',
  'pulling_snapshot',
]);

const startable: ReadonlySet<string> = new Set(['stopped', 'archived', 'archiving', 'paused']);

/** True for a state from which Daytona starts a sandbox. */
export function isStartable(state: string): boolean {
  return startable.has(state);
}

/** True for a state that a sandbox leaves by itself, towards running or towards one to start from. */
export function isPassing(state: string): boolean {
  return onItsWay.has(state) || state === 'stopping' || state === 'pausing';
}

/**
 * Reads a sandbox's state as Daytona names it. An unknown one counts as `running`: trying is
 * better than refusing what a newer Daytona may well serve.
 */
export function readState(state: string): 'running' | 'starting' | 'asleep' | 'gone' {
  if (gone.has(state)) return 'gone';
  if (asleep.has(state)) return 'asleep';
  return onItsWay.has(state) ? 'starting' : 'running';
}
