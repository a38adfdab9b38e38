import { once } from 'node:events';
import type { Faults } from './faults.ts';
import { renewToken, type Sandbox } from './sandbox.ts';
import type { Sandboxes } from './sandboxes.ts';
import { passedByStart } from './states.ts';

/** Starts and stops that were accepted and take their time, on which a sandbox passes a state. */
export class Starts {
  readonly #sandboxes: Sandboxes;
  readonly #faults: Faults;
  readonly #timers = new Map<Sandbox, NodeJS.Timeout>();

  constructor(sandboxes: Sandboxes, faults: Faults) {
    this.#sandboxes = sandboxes;
    this.#faults = faults;
  }

  /** Goes on with a sandbox that is being created. */
  create(sandbox: Sandbox): void {
    this.#pass(sandbox, 'creating', 'started', this.#faults.startMs);
  }

  /** Begins to start a sandbox. Its token is a new one at once, unless it only was paused. */
  start(sandbox: Sandbox): void {
    if (sandbox.state !== 'paused') renewToken(sandbox);
    this.#pass(sandbox, passedByStart(sandbox.state), 'started', this.#faults.startMs);
  }

  /** Begins to start a sandbox that an error has ended; that too renews its token. */
  recover(sandbox: Sandbox): void {
    renewToken(sandbox);
    sandbox.recoverable = false;
    sandbox.errorReason = undefined;
    this.#pass(sandbox, 'starting', 'started', this.#faults.startMs);
  }

  stop(sandbox: Sandbox): void {
    this.#pass(sandbox, 'stopping', 'stopped', this.#faults.stopMs);
  }

  /** Resolves when the sandbox is starting no more, or the caller has waited long enough. */
  async settled(sandbox: Sandbox, signal: AbortSignal): Promise<void> {
    const starting = () => sandbox.state === 'starting' || sandbox.state === 'restoring';
    while (starting() && !signal.aborted) {
      await once(this.#sandboxes, 'state', { signal }).catch(() => {});
    }
  }

  /** What is on its way stays so for ever. */
  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #pass(sandbox: Sandbox, through: string, to: string, ms: number): void {
    clearTimeout(this.#timers.get(sandbox));
    const arrive = () => {
      this.#timers.delete(sandbox);
      // A test may have let it fail, or be deleted, on the way.
      if (sandbox.state === through) sandbox.state = to;
    };
    sandbox.state = through;
    if (ms > 0) this.#timers.set(sandbox, setTimeout(arrive, ms).unref());
    else arrive();
  }
}
