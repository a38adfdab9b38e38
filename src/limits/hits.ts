import { type ClientRateLimitInfo, MemoryStore, type Options } from 'express-rate-limit';
import { SharedHits } from '../store/sharedHits.ts';
import type { SharedStore } from '../store/sharedStore.ts';
import { isAhead } from './windows.ts';

/** Counts what a client does in a window of time, as the stores of express-rate-limit do. */
export interface Hits {
  increment(client: string): Promise<ClientRateLimitInfo>;
  get(client: string): Promise<ClientRateLimitInfo | undefined>;
}

/**
 * Counts in memory. The library's windows end by the wall's clock; where that is put back by an hour,
 * they would last an hour longer and lock out whoever is at his limit, so they begin anew.
 */
class OwnHits implements Hits {
  readonly #store = new MemoryStore();
  readonly #windowMs: number;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
    this.#store.init({ windowMs } as Options);
  }

  async increment(client: string): Promise<ClientRateLimitInfo> {
    const info = await this.#store.increment(client);
    if (!isAhead(info, this.#windowMs)) return info;
    await this.#store.resetKey(client);
    return this.#store.increment(client);
  }

  async get(client: string): Promise<ClientRateLimitInfo | undefined> {
    const info = await this.#store.get(client);
    return info && isAhead(info, this.#windowMs) ? undefined : info;
  }
}

/**
 * Counts in memory, or over all instances where they share a store.
 *
 * @param name tells these hits from others in the shared store
 * @param max hits of one client in a window, which a store that has lost its count gives nobody anew
 */
export function countHits(
  name: string,
  windowMs: number,
  max: number,
  store: SharedStore | undefined,
): Hits {
  const own = new OwnHits(windowMs);
  if (!store) return own;
  const shared = new SharedHits(name, windowMs, store);
  let countedAloneUntil = Number.NEGATIVE_INFINITY;
  /** Own windows are others than the shared ones: what is counted here says nothing at other times. */
  const isSpent = (here: ClientRateLimitInfo, total: ClientRateLimitInfo) =>
    performance.now() < countedAloneUntil &&
    here.totalHits >= max &&
    here.totalHits > total.totalHits;
  return {
    // Counted here in any case: when the shared count is lost, nobody begins anew.
    increment: async (client) => {
      const [total, here] = await Promise.all([shared.increment(client), own.increment(client)]);
      if (!total) countedAloneUntil = performance.now() + windowMs;
      return total && !isSpent(here, total) ? total : here;
    },
    get: async (client) => {
      const [total, here] = await Promise.all([shared.get(client), own.get(client)]);
      return total && !(here && isSpent(here, total)) ? total : here;
    },
  };
}
