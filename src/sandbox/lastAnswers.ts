import { BoundedCache } from '../boundedCache.ts';
import { asProxyError } from '../replies/errors.ts';
import { hadNoAnswer } from './apiCalls.ts';

const mostSandboxes = 10_000;
/** So long is a better answer than the last one waited for; the lookup goes on behind it. */
const graceMs = 1_000;
/** Where there was no answer, nobody who knows the last one asks again for this time. */
const quietMs = 1_000;
/** Longer than any two attempts are apart. */
const rememberedMs = 60_000;

/** Has the last answer about a sandbox serve where there is no other, or only slowly. */
export class LastAnswers {
  /** Of sandboxes without an answer: when to ask again, on the clock that never jumps. */
  readonly #quietUntil = new BoundedCache<number>(mostSandboxes);

  /**
   * Looks, or gives the last answer.
   *
   * @param last undefined where there is none: then all depends on the look
   * @throws what the look fails with, where that says something about the sandbox
   */
  async or<T>(id: string, look: () => Promise<T>, last: T | undefined): Promise<T> {
    if (last === undefined) return look();
    if (!this.isQuiet(id)) {
      // Once there is known to be no answer, nobody waits to see whether there is one again.
      const known = this.#quietUntil.get(id) !== undefined;
      if (known) this.noteNone(id);
      const looking = look().then((found) => {
        this.noteOne(id);
        return found;
      });
      const found = await within(known ? 0 : graceMs, looking).catch((error) => {
        if (!mayPass(error)) throw error;
      });
      if (found !== undefined) return found;
      this.noteNone(id);
    }
    return last;
  }

  /** True for as long as nobody need ask again. */
  isQuiet(id: string): boolean {
    return performance.now() < (this.#quietUntil.get(id) ?? 0);
  }

  noteNone(id: string): void {
    this.#quietUntil.set(id, performance.now() + quietMs, rememberedMs);
  }

  noteOne(id: string): void {
    this.#quietUntil.delete(id);
  }

  sweep(): void {
    this.#quietUntil.sweep();
  }
}

/** True for a failure that says nothing about the sandbox. */
function mayPass(error: unknown): boolean {
  return hadNoAnswer(error) || asProxyError(error).code === 'TOO_MANY_MISSES';
}

/** @returns undefined where the promise takes longer; what becomes of it then is nobody's affair */
function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  promise.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
