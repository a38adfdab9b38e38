import type { RequestHandler } from 'express';
import type { Exchange } from '../exchange.ts';
import { type ErrorCode, ProxyError } from '../replies/errors.ts';

/** Counts what is open at the same time for each key, up to a limit; 0 means no limit. */
export class Occupancy {
  readonly #limit: number;
  readonly #open = new Map<string, number>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** @returns false where the key has no place left, and then nothing is to be released */
  take(key: string): boolean {
    const open = this.#open.get(key) ?? 0;
    if (this.#limit > 0 && open >= this.#limit) return false;
    this.#open.set(key, open + 1);
    return true;
  }

  release(key: string): void {
    const open = (this.#open.get(key) ?? 0) - 1;
    if (open > 0) this.#open.set(key, open);
    else this.#open.delete(key);
  }
}

/**
 * Lets an exchange in while its key has a place, and frees the place when the exchange is over.
 *
 * @param keyOf what is counted by; undefined for an exchange that is not counted here
 */
export function limitOpen(
  occupancy: Occupancy,
  code: ErrorCode,
  keyOf: (exchange: Exchange) => string | undefined,
): RequestHandler {
  return (req, _res, next) => {
    const key = keyOf(req.exchange);
    if (key === undefined) return next();
    if (!occupancy.take(key)) throw new ProxyError(code, { retryAfter: 1 });
    req.exchange.whenOver(() => occupancy.release(key));
    next();
  };
}
