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
 */
export function countHits(name: string, windowMs: number, store: SharedStore | undefined): Hits {
  const own = new OwnHits(windowMs);
  if (!store) return own;
  const shared = new SharedHits(name, windowMs, store);
  return {
    // Counted here in any case: when the shared count is lost, nobody begins anew, nor when it comes
    // back empty.
    increment: async (client) => {
      const [total, here] = await Promise.all([shared.increment(client), own.increment(client)]);
      return higher(total, here);
    },
    get: async (client) => {
      const [total, here] = await Promise.all([shared.get(client), own.get(client)]);
      return here ? higher(total, here) : total;
    },
  };
}

function higher(total: ClientRateLimitInfo | undefined, here: ClientRateLimitInfo) {
  return total && total.totalHits >= here.totalHits ? total : here;
}
