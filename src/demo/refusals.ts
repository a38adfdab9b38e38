import { BoundedCache } from '../boundedCache.ts';
import type { Faults } from './faults.ts';

const limit = 1000;

/** The tokens that the edge has refused of late, and refuses without another look. */
export class Refusals {
  readonly #faults: Faults;
  readonly #refused = new BoundedCache<true>(limit);

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  /**
   * Says whether a token opens a sandbox to the edge's knowledge.
   *
   * @param valid what a fresh look would say
   */
  opens(sandboxId: string, token: string, valid: boolean): boolean {
    const { refusalMemoryMs } = this.#faults;
    if (refusalMemoryMs <= 0) return valid;
    const key = `${sandboxId} ${token}`;
    if (this.#refused.get(key)) return false; // Which does not make it last longer.
    if (!valid) this.#refused.set(key, true, refusalMemoryMs);
    return valid;
  }
}
