import type { RequestHandler } from 'express';
import { type RateLimitInfo, rateLimit } from 'express-rate-limit';
import { ProxyError } from '../replies/errors.ts';

/**
 * One budget for each client, requests and upgrades together.
 *
 * @param limit requests in a window; 0 switches the limit off
 */
export function limitRate(windowMs: number, limit: number): RequestHandler {
  if (limit === 0) return (_req, _res, next) => next();
  const policy = `${limit};w=${Math.ceil(windowMs / 1000)}`;
  const count = rateLimit({
    windowMs,
    limit,
    // Written below instead: a header set on the response slows its whole head down.
    standardHeaders: false,
    legacyHeaders: false,
    keyGenerator: (req) => req.exchange.visitor.network,
    // Its checks speak of Express's `trust proxy`, which stays off: `visitor.ts` knows the client.
    validate: false,
    handler: (req, _res, next) => {
      const retryAfter = secondsLeft(infoOf(req), windowMs);
      next(new ProxyError('RATE_LIMITED', { retryAfter }));
    },
  });
  return (req, res, next) =>
    count(req, res, (error?: unknown) => {
      const info = infoOf(req);
      if (info) req.exchange.ownFields.push(...standardFields(info, policy, windowMs));
      next(error);
    });
}

/** The fields of draft-ietf-httpapi-ratelimit-headers-07. */
function standardFields(info: RateLimitInfo, policy: string, windowMs: number): string[] {
  const reset = secondsLeft(info, windowMs);
  const state = `limit=${info.limit}, remaining=${info.remaining}, reset=${reset}`;
  return ['RateLimit-Policy', policy, 'RateLimit', state];
}

function infoOf(req: object): RateLimitInfo | undefined {
  return (req as { rateLimit?: RateLimitInfo }).rateLimit;
}

function secondsLeft(info: RateLimitInfo | undefined, windowMs: number): number {
  const ms = info?.resetTime ? info.resetTime.getTime() - Date.now() : windowMs;
  return Math.max(1, Math.ceil(ms / 1000));
}
