import NodeCache from 'node-cache';

interface Entry<T> {
  readonly value: T;
  readonly storedAt: number;
}

/**
 * A node-cache that evicts where node-cache would throw: full, it drops its oldest tenth.
 * Keys are prefixed, because node-cache finds `constructor` in an empty cache.
 */
export class BoundedCache<T> {
  readonly #cache = new NodeCache({ useClones: false, checkperiod: 0 });
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): T | undefined {
    return this.#cache.get<Entry<T>>(`:${key}`)?.value;
  }

  set(key: string, value: T, ttlMs: number): void {
    this.delete(key);
    if (this.size >= this.#limit) {
      const keys = this.#cache.keys();
      this.#cache.del(keys.slice(0, Math.ceil(this.#limit / 10)));
    }
    this.#cache.set(`:${key}`, { value, storedAt: Date.now() }, ttlMs / 1000);
  }

  delete(key: string): void {
    this.#cache.del(`:${key}`);
  }

  /** Deletes every key that begins with `prefix`. */
  deleteAll(prefix: string): void {
    this.#cache.del(this.#cache.keys().filter((key) => key.startsWith(`:${prefix}`)));
  }

  /** Drops what has expired and says how many that were. */
  sweep(): number {
    const before = this.size;
    for (const key of this.#cache.keys()) this.#cache.getTtl(key);
    return before - this.size;
  }

  /** Expired entries count until the next sweep. */
  get size(): number {
    return this.#cache.getStats().keys;
  }

  /** Living entries with age and remaining time in whole seconds, oldest first. */
  entries(): { key: string; age: number; remaining: number }[] {
    return this.#cache.keys().flatMap((key) => {
      const entry = this.#cache.get<Entry<T>>(key);
      const expires = this.#cache.getTtl(key);
      if (!entry || !expires) return [];
      const now = Date.now();
      return {
        key: key.slice(1),
        age: Math.floor((now - entry.storedAt) / 1000),
        remaining: Math.max(0, Math.ceil((expires - now) / 1000)),
      };
    });
  }
}
