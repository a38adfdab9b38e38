/** What an exchange spends its time on, in the order of the chain. */
export const phases = ['limits', 'access', 'lookup', 'connect', 'wait', 'body'] as const;

/**
 * `limits`: the host, how often and how many at once, and our own pages. `access`: who may.
 * `lookup`: where the sandbox lives, and the wait until it is awake. `connect`: until there is a
 * connection to it. `wait`: the request's body up, and the sandbox's own thinking. `body`: the
 * answer down, or the life of a WebSocket.
 */
export type Phase = (typeof phases)[number];

/**
 * Where the time of one exchange went, in ms. A phase may be entered again, by a retry or a second
 * lookup: its times add up. Every request pays for this: numbers and a clock that never jumps,
 * nothing else.
 */
export class Timeline implements Readonly<Record<Phase, number>> {
  readonly startedAt: number;
  limits = 0;
  access = 0;
  lookup = 0;
  connect = 0;
  wait = 0;
  body = 0;
  #phase: Phase = 'limits';
  #since: number;
  #firstByteAt = Number.NaN;

  /** @param now by `performance.now()`, as all of its times */
  constructor(now = performance.now()) {
    this.startedAt = now;
    this.#since = now;
  }

  /** Ends the present phase and begins another. What an attempt before has answered is forgotten. */
  enter(phase: Phase, now = performance.now()): void {
    this.#leave(now);
    this.#phase = phase;
    this.#firstByteAt = phase === 'body' ? now : Number.NaN;
  }

  /** Ends the last phase, and says how long all of them took. */
  end(now = performance.now()): number {
    this.#leave(now);
    return now - this.startedAt;
  }

  /** From the arrival to the sandbox's first byte, in ms; undefined where none came. */
  get firstByteAfter(): number | undefined {
    const ms = this.#firstByteAt - this.startedAt;
    return Number.isNaN(ms) ? undefined : ms;
  }

  #leave(now: number): void {
    this[this.#phase] += now - this.#since;
    this.#since = now;
  }
}
