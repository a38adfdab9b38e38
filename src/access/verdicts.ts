import { BoundedCache } from '../boundedCache.ts';
import { SingleFlight } from '../singleFlight.ts';

const validMs = 120_000;
const invalidMs = 5_000;
const cacheSize = 10_000;

/**
 * Remembers what a credential was found to be worth, under a hash of it: for 2 minutes where it is
 * valid, 5 seconds where it is not. All who show the same one at once wait for one answer.
 */
export class Verdicts<T> {
  readonly #valid = new BoundedCache<T>(cacheSize);
  /** Apart, so that guesses push out nothing but other guesses. */
  readonly #invalid = new BoundedCache<true>(cacheSize);
  readonly #flights = new SingleFlight<T | undefined>();

  /**
   * @param check gives undefined for an invalid credential; what it throws is not remembered
   * @param mostMs a valid one may not be remembered for longer
   */
  async of(
    hash: string,
    check: () => Promise<T | undefined>,
    mostMs: (found: T) => number = () => validMs,
  ): Promise<T | undefined> {
    const known = this.#valid.get(hash);
    if (known !== undefined) return known;
    if (this.#invalid.get(hash)) return undefined;
    return this.#flights.run(hash, async () => {
      const found = await check();
      if (found === undefined) this.#invalid.set(hash, true, invalidMs);
      else this.#valid.set(hash, found, Math.min(validMs, Math.max(1, mostMs(found))));
      return found;
    });
  }

  sweep(): void {
    this.#valid.sweep();
    this.#invalid.sweep();
  }
}
