import { MemoryStore, type Options } from 'express-rate-limit';

/**
 * Counts each client's failed attempts to get in. Over the limit its secrets are no longer looked
 * at until the window is over, right or wrong: who guesses does not learn.
 */
export class Failures {
  readonly #store = new MemoryStore();
  readonly #limit: number;
  #total = 0;

  /** @param limit failures of one client in a window; 0 switches it off */
  constructor(windowMs: number, limit: number) {
    this.#limit = limit;
    this.#store.init({ windowMs } as Options);
  }

  /** All since the start. */
  get total(): number {
    return this.#total;
  }

  async note(client: string): Promise<void> {
    this.#total += 1;
    await this.#store.increment(client);
  }

  /** @returns how many seconds a client over the limit has to wait, else undefined */
  async waitFor(client: string): Promise<number | undefined> {
    if (this.#limit === 0) return undefined;
    const found = await this.#store.get(client);
    if (!found || found.totalHits < this.#limit) return undefined;
    const leftMs = (found.resetTime?.getTime() ?? 0) - Date.now();
    return Math.max(1, Math.ceil(leftMs / 1000));
  }
}
