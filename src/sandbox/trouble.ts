import { BoundedCache } from '../boundedCache.ts';

const mostSandboxes = 10_000;
/** Where there was no answer, nobody who knows the last one asks again for this time. */
const quietMs = 1_000;
/** Longer than any two attempts are apart. */
const rememberedMs = 60_000;

/** Of which sandboxes there was no answer, the last time that somebody asked. */
export class Trouble {
  /** When to ask again, on the clock that never jumps. */
  readonly #quietUntil = new BoundedCache<number>(mostSandboxes);

  has(id: string): boolean {
    return this.#quietUntil.get(id) !== undefined;
  }

  /** True for as long as nobody need ask again. */
  isQuiet(id: string): boolean {
    return performance.now() < (this.#quietUntil.get(id) ?? 0);
  }

  note(id: string): void {
    this.#quietUntil.set(id, performance.now() + quietMs, rememberedMs);
  }

  /** To be called with what has answered. */
  over(id: string): void {
    this.#quietUntil.delete(id);
  }

  sweep(): void {
    this.#quietUntil.sweep();
  }
}
