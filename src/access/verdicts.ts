import { z } from 'zod';
import { BoundedCache } from '../boundedCache.ts';
import { SingleFlight } from '../singleFlight.ts';
import type { SharedStore } from '../store/sharedStore.ts';

const validMs = 120_000;
const invalidMs = 5_000;
const cacheSize = 10_000;

/** Where all instances find what one of them has found out. */
export interface SharedVerdicts<T> {
  readonly store: SharedStore;
  /** Tells these verdicts from others. */
  readonly kind: string;
  readonly schema: z.ZodType<T>;
}

/** What a credential was found to be worth, and until when that counts, in ms since the epoch. */
interface Verdict<T> {
  readonly found: T | undefined;
  readonly until: number;
}

/**
 * Remembers what a credential was found to be worth, under a hash of it: for 2 minutes or as long as
 * is said where it is valid, 5 seconds where it is not. All who show the same one at once wait for one answer.
 */
export class Verdicts<T> {
  readonly #valid = new BoundedCache<T>(cacheSize);
  /** Apart, so that guesses push out nothing but other guesses. */
  readonly #invalid = new BoundedCache<true>(cacheSize);
  readonly #flights = new SingleFlight<T | undefined>();
  readonly #shared: SharedVerdicts<T> | undefined;
  readonly #validMs: number;

  constructor(shared?: SharedVerdicts<T>, validFor = validMs) {
    this.#shared = shared;
    this.#validMs = validFor;
  }

  /**
   * @param check gives undefined for an invalid credential; what it throws is not remembered
   * @param mostMs a valid one may not be remembered for longer
   */
  async of(
    hash: string,
    check: () => Promise<T | undefined>,
    mostMs: (found: T) => number = () => this.#validMs,
  ): Promise<T | undefined> {
    const known = this.#valid.get(hash);
    if (known !== undefined) return known;
    if (this.#invalid.get(hash)) return undefined;
    return this.#flights.run(hash, async () => {
      const others = await this.#readShared(hash);
      if (others) {
        this.#remember(hash, others);
        return others.found;
      }
      const found = await check();
      const ms =
        found === undefined ? invalidMs : Math.min(this.#validMs, Math.max(1, mostMs(found)));
      const verdict = { found, until: Date.now() + ms };
      this.#remember(hash, verdict);
      await this.#shared?.store.write(`${this.#shared.kind}:${hash}`, verdict, ms);
      return found;
    });
  }

  sweep(): void {
    this.#valid.sweep();
    this.#invalid.sweep();
  }

  #remember(hash: string, { found, until }: Verdict<T>): void {
    const ms = until - Date.now();
    if (ms <= 0) return;
    if (found === undefined) this.#invalid.set(hash, true, Math.min(ms, invalidMs));
    else this.#valid.set(hash, found, Math.min(ms, this.#validMs));
  }

  async #readShared(hash: string): Promise<Verdict<T> | undefined> {
    if (!this.#shared) return undefined;
    const { store, kind, schema } = this.#shared;
    const stored = z.object({ found: schema.optional(), until: z.number() });
    const verdict = await store.read(`${kind}:${hash}`, stored);
    return verdict && verdict.until > Date.now()
      ? { found: verdict.found, until: verdict.until }
      : undefined;
  }
}
