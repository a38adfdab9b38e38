import { type ClientRateLimitInfo, MemoryStore, type Options } from 'express-rate-limit';
import { SharedHits } from '../store/sharedHits.ts';
import type { SharedStore } from '../store/sharedStore.ts';

/** Counts what a client does in a window of time, as the stores of express-rate-limit do. */
export interface Hits {
  increment(client: string): Promise<ClientRateLimitInfo>;
  get(client: string): Promise<ClientRateLimitInfo | undefined>;
}

/**
 * Counts in memory, or over all instances where they share a store.
 *
 * @param name tells these hits from others in the shared store
 */
export function countHits(name: string, windowMs: number, store: SharedStore | undefined): Hits {
  const own = new MemoryStore();
  own.init({ windowMs } as Options);
  if (!store) return own;
  const shared = new SharedHits(name, windowMs, store);
  return {
    // Counted here in any case: when the shared count is lost, nobody begins anew.
    increment: async (client) => {
      const [total, here] = await Promise.all([shared.increment(client), own.increment(client)]);
      return total ?? here;
    },
    get: async (client) => (await shared.get(client)) ?? own.get(client),
  };
}
