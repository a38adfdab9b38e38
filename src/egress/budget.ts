/** So many sandboxes are counted in one window; of more, the first are forgotten. */
const mostKeys = 100_000;

/**
 * What each key may use in a window of time. All windows begin together, so that the table is
 * emptied with each; by the clock that never jumps.
 */
export class Budget {
  readonly #limit: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  readonly #used = new Map<string, number>();
  #begun: number;

  /** @param limit in a window; 0 means no limit */
  constructor(limit: number, windowMs: number, now = () => performance.now()) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#now = now;
    this.#begun = now();
  }

  /** @returns false where this was more than is left */
  spend(key: string, amount: number): boolean {
    if (this.#limit === 0) return true;
    this.#turn();
    const used = (this.#used.get(key) ?? 0) + amount;
    if (!this.#used.has(key) && this.#used.size >= mostKeys) {
      const [oldest = ''] = this.#used.keys();
      this.#used.delete(oldest);
    }
    this.#used.set(key, used);
    return used <= this.#limit;
  }

  /** True where nothing is left. */
  isSpent(key: string): boolean {
    if (this.#limit === 0) return false;
    this.#turn();
    return (this.#used.get(key) ?? 0) >= this.#limit;
  }

  /** Whole seconds until the next window, at least one. */
  get secondsLeft(): number {
    return Math.max(1, Math.ceil((this.#begun + this.#windowMs - this.#now()) / 1000));
  }

  #turn(): void {
    const passed = this.#now() - this.#begun;
    if (passed < this.#windowMs) return;
    this.#begun += passed - (passed % this.#windowMs);
    this.#used.clear();
  }
}
