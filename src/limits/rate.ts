import type { RequestHandler } from 'express';
import { clientLeft } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import type { Hits } from './hits.ts';
import { secondsLeft } from './windows.ts';

export interface RateLimit {
  readonly hits: Hits;
  readonly windowMs: number;
  readonly max: number;
}

/**
 * One budget for each client, requests and upgrades together, counted by a store of
 * express-rate-limit. Its middleware around the store is left out: it asks Express for the client's
 * address, which `visitor.ts` knows better, and sets headers on the response, which slows down
 * the writing of every head (together a tenth of a small request).
 *
 * @param limit requests in a window; 0 switches the limit off
 */
export function limitRate({ hits, windowMs, max: limit }: RateLimit): RequestHandler {
  if (limit === 0) return (_req, _res, next) => next();
  const policy = `${limit};w=${Math.ceil(windowMs / 1000)}`;
  return async (req, res, next) => {
    const { visitor, ownFields } = req.exchange;
    const info = await hits.increment(visitor.network);
    if (clientLeft(req, res)) return;
    const { totalHits } = info;
    const reset = secondsLeft(info, windowMs);
    const remaining = Math.max(0, limit - totalHits);
    // The fields of draft-ietf-httpapi-ratelimit-headers-07.
    const state = `limit=${limit}, remaining=${remaining}, reset=${reset}`;
    ownFields.push('RateLimit-Policy', policy, 'RateLimit', state);
    if (totalHits > limit) throw new ProxyError('RATE_LIMITED', { retryAfter: reset });
    next();
  };
}
