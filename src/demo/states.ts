/** What a state of a sandbox says about a wish to start it. */
export type Readiness = 'started' | 'startable' | 'changing' | 'invalid';

const startable = new Set(['stopped', 'archived', 'archiving', 'paused']);

const changing = new Set([
  'creating',
  'restoring',
  'destroying',
  'starting',
  'stopping',
  'pending_build',
  'building_snapshot',
  'pulling_snapshot',
  'resizing',
  'snapshotting',
  'forking',
  'pausing',
  'resuming',
]);

/** Where a state leads. A state that is not here is one that nobody wished for. */
const leadsTo = new Map([
  ['creating', 'started'],
  ['restoring', 'started'],
  ['starting', 'started'],
  ['resuming', 'started'],
  ['started', 'started'],
  ['stopping', 'stopped'],
  ['stopped', 'stopped'],
  ['pausing', 'paused'],
  ['paused', 'paused'],
  ['archiving', 'archived'],
  ['archived', 'archived'],
  ['destroying', 'destroyed'],
  ['destroyed', 'destroyed'],
]);

/** States that Daytona does not know are `invalid`. */
export function readinessOf(state: string): Readiness {
  if (state === 'started') return 'started';
  if (startable.has(state)) return 'startable';
  return changing.has(state) ? 'changing' : 'invalid';
}

/** The state that a start passes through; what was archived is fetched first. */
export function passedByStart(state: string): 'restoring' | 'starting' {
  return state === 'archived' || state === 'archiving' ? 'restoring' : 'starting';
}

/** The state that is wished for where `state` is come by; undefined where it says nothing. */
export function desiredBy(state: string): string | undefined {
  return leadsTo.get(state);
}
