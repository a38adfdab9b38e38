import type { RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { ProxyError } from '../replies/errors.ts';

/**
 * One budget for each client, requests and upgrades together. IPv6 clients are counted by /56,
 * the network that one customer usually holds.
 *
 * @param limit requests in a window; 0 switches the limit off
 */
export function limitRate(windowMs: number, limit: number): RequestHandler {
  if (limit === 0) return (_req, _res, next) => next();
  return rateLimit({
    windowMs,
    limit,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    keyGenerator: (req) => ipKeyGenerator(req.exchange.visitor.address, 56),
    // Its checks speak of Express's `trust proxy`, which stays off: `visitor.ts` knows the client.
    validate: false,
    handler: (_req, res, next) => {
      const retryAfter = Number(res.getHeader('Retry-After') ?? Math.ceil(windowMs / 1000));
      next(new ProxyError('RATE_LIMITED', { retryAfter }));
    },
  });
}
