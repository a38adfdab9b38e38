import type { Hits } from '../limits/hits.ts';
import { secondsLeft } from '../limits/windows.ts';

/**
 * Counts each client's failed attempts to get in. Over the limit its secrets are no longer looked
 * at until the window is over, right or wrong: who guesses does not learn.
 */
export class Failures {
  readonly #hits: Hits;
  readonly #windowMs: number;
  readonly #limit: number;
  #total = 0;

  /** @param limit failures of one client in a window; 0 switches it off */
  constructor(hits: Hits, windowMs: number, limit: number) {
    this.#hits = hits;
    this.#windowMs = windowMs;
    this.#limit = limit;
  }

  /** All since the start. */
  get total(): number {
    return this.#total;
  }

  async note(client: string): Promise<void> {
    this.#total += 1;
    await this.#hits.increment(client);
  }

  /** @returns how many seconds a client over the limit has to wait, else undefined */
  async waitFor(client: string): Promise<number | undefined> {
    if (this.#limit === 0) return undefined;
    const found = await this.#hits.get(client);
    if (!found || found.totalHits < this.#limit) return undefined;
    return secondsLeft(found, this.#windowMs);
  }
}
