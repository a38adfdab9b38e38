import { BoundedCache } from '../boundedCache.ts';

/** From this part of its time on, what is in use is asked for anew ahead of expiry. */
const ageingAfter = 0.8;

/** A value and how true it still is. */
export interface Aged<T> {
  readonly value: T;
  readonly fresh: boolean;
  /** Fresh, but not for long. */
  readonly ageing: boolean;
}

interface Dated<T> {
  readonly value: T;
  readonly ageingAt: number;
  readonly freshUntil: number;
}

/** A cache whose entries are fresh for a time, and then still better than nothing for another. */
export class AgeingCache<T> {
  readonly #cache: BoundedCache<Dated<T>>;
  readonly #staleMs: number;

  /** @param staleMs how long an entry is kept after it was fresh */
  constructor(limit: number, staleMs: number) {
    this.#cache = new BoundedCache(limit);
    this.#staleMs = staleMs;
  }

  get(key: string): Aged<T> | undefined {
    const found = this.#cache.get(key);
    if (!found) return undefined;
    const now = performance.now();
    const fresh = now < found.freshUntil;
    return { value: found.value, fresh, ageing: fresh && now >= found.ageingAt };
  }

  /** @param keepStale false for what nobody should be told once it is no longer fresh */
  set(key: string, value: T, ttlMs: number, keepStale = true): void {
    const now = performance.now();
    const dated = { value, ageingAt: now + ttlMs * ageingAfter, freshUntil: now + ttlMs };
    this.#cache.set(key, dated, ttlMs + (keepStale ? this.#staleMs : 0));
  }

  delete(key: string): void {
    this.#cache.delete(key);
  }

  /** Deletes every key that begins with `prefix`, and says which those were. */
  deleteAll(prefix: string): string[] {
    return this.#cache.deleteAll(prefix);
  }

  /** Drops what is no longer of use and says how many entries that were. */
  sweep(): number {
    return this.#cache.sweep();
  }

  /** All that are kept, fresh or not; expired ones until the next sweep. */
  get size(): number {
    return this.#cache.size;
  }

  /** Fresh entries with age and remaining time in whole seconds, oldest first. */
  entries(): { key: string; age: number; remaining: number }[] {
    const now = performance.now();
    return this.#cache.entries().flatMap(({ key, value: { freshUntil }, ageMs }) => {
      if (freshUntil <= now) return [];
      const remaining = Math.ceil((freshUntil - now) / 1000);
      return { key, age: Math.floor(ageMs / 1000), remaining };
    });
  }
}
