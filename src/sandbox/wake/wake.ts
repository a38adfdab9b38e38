import { ProxyError } from '../../replies/errors.ts';

/** Told of each state that a sandbox comes to on its way. */
export type StateListener = (state: string) => void;

/** One sandbox's way from sleep to a port that answers, and all who wait for it. */
export class Wake {
  /** Resolves when the port answers; rejects with the ProxyError that says why it does not. */
  readonly done: Promise<void>;
  /** True once somebody waits who may have the sandbox started. */
  mayStart: boolean;
  #state: string;
  readonly #listeners = new Set<StateListener>();

  /** @param run goes the way, and calls `reach` at each state */
  constructor(state: string, mayStart: boolean, run: (wake: Wake) => Promise<void>) {
    this.#state = state;
    this.mayStart = mayStart;
    this.done = run(this);
    this.done.catch(() => {}); // Whoever waits hears of it; perhaps nobody does.
  }

  /** Daytona's name for the sandbox's state, or `waiting for the port`. */
  get state(): string {
    return this.#state;
  }

  /** @returns takes the listener away again */
  onState(listener: StateListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws ProxyError SANDBOX_STARTING where it takes longer, or why the port will not answer */
  async within(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(new ProxyError('SANDBOX_STARTING', { state: this.#state, retryAfter: 5 }));
      }, ms);
    });
    await Promise.race([this.done, late]).finally(() => clearTimeout(timer));
  }

  /** Tells all who listen of a state. */
  reach(state: string): void {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
