import NodeCache from 'node-cache';

interface Entry<T> {
  readonly value: T;
  /** On the clock that never jumps; node-cache's own is the wall's, and not used. */
  readonly storedAt: number;
  readonly expiresAt: number;
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
    const entry = this.#cache.get<Entry<T>>(`:${key}`);
    if (!entry || performance.now() < entry.expiresAt) return entry?.value;
    this.delete(key);
    return undefined;
  }

  set(key: string, value: T, ttlMs: number): void {
    this.delete(key);
    if (this.size >= this.#limit) {
      const keys = this.#cache.keys();
      this.#cache.del(keys.slice(0, Math.ceil(this.#limit / 10)));
    }
    const storedAt = performance.now();
    this.#cache.set(`:${key}`, { value, storedAt, expiresAt: storedAt + ttlMs });
  }

  delete(key: string): void {
    this.#cache.del(`:${key}`);
  }

  /** Deletes every key that begins with `prefix`, and says which those were. */
  deleteAll(prefix: string): string[] {
    const keys = this.#cache.keys().filter((key) => key.startsWith(`:${prefix}`));
    this.#cache.del(keys);
    return keys.map((key) => key.slice(1));
  }

  /** Drops what has expired and says how many that were. */
  sweep(): number {
    const now = performance.now();
    const over = this.#cache.keys().filter((key) => {
      const entry = this.#cache.get<Entry<T>>(key);
      return entry !== undefined && entry.expiresAt <= now;
    });
    return this.#cache.del(over);
  }

  /** Expired entries count until the next sweep. */
  get size(): number {
    return this.#cache.getStats().keys;
  }

  /** Living entries, oldest first, and how long each has been here, in ms. */
  entries(): { key: string; value: T; ageMs: number }[] {
    const now = performance.now();
    return this.#cache.keys().flatMap((key) => {
      const entry = this.#cache.get<Entry<T>>(key);
      if (!entry || entry.expiresAt <= now) return [];
      return { key: key.slice(1), value: entry.value, ageMs: now - entry.storedAt };
    });
  }
}
