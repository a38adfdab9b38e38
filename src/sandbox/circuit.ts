/** So many failures in a row mean that Daytona is down, and not that one call had bad luck. */
const mostFailures = 5;
/** While it is down, one call in this time finds out whether it is back. */
const trialMs = 2_000;

/**
 * A circuit breaker: while Daytona is down nobody waits for it, and it gets no more calls than it
 * takes to notice its return. A trial that hangs does not hold up the next one.
 */
export class Circuit {
  readonly #now: () => number;
  #failures = 0;
  #trialAt = 0;

  /** @param now in ms, of a clock that never jumps */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get open(): boolean {
    return this.#failures >= mostFailures;
  }

  /** @returns false where no call may go out at the moment */
  admits(): boolean {
    if (!this.open) return true;
    const now = this.#now();
    if (now - this.#trialAt < trialMs) return false;
    this.#trialAt = now;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  failed(): void {
    this.#failures += 1;
    if (this.#failures === mostFailures) this.#trialAt = this.#now();
  }
}
