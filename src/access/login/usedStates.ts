import { BoundedCache } from '../../boundedCache.ts';
import type { SharedStore } from '../../store/sharedStore.ts';

const mostStates = 10_000;

/** The states of logins that have come back: each counts once, on whichever instance. */
export class UsedStates {
  readonly #used = new BoundedCache<true>(mostStates);
  readonly #ttlMs: number;
  readonly #store: SharedStore | undefined;

  constructor(ttlMs: number, store?: SharedStore) {
    this.#ttlMs = ttlMs;
    this.#store = store;
  }

  /** @returns false for one that was used; where the store cannot say, as far as it is known here */
  async use(id: string): Promise<boolean> {
    if (this.#used.get(id)) return false;
    this.#used.set(id, true, this.#ttlMs);
    return (await this.#store?.claim(`state:${id}`, this.#ttlMs)) !== false;
  }

  sweep(): void {
    this.#used.sweep();
  }
}
