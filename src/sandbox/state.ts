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

/**
 * Reads a sandbox's state as Daytona names it. An unknown one counts as `running`: trying is
 * better than refusing what a newer Daytona may well serve.
 */
export function readState(state: string): 'running' | 'starting' | 'asleep' | 'gone' {
  if (gone.has(state)) return 'gone';
  if (asleep.has(state)) return 'asleep';
  return onItsWay.has(state) ? 'starting' : 'running';
}
