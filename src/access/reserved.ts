import type { RequestHandler } from 'express';
import { ProxyError } from '../replies/errors.ts';

/** Web terminal, toolbox, recording dashboard: the preview token would open them to anybody. */
const reservedPorts: ReadonlySet<number> = new Set([22222, 2280, 33333]);

/** Keeps Daytona's own ports of a sandbox closed, public or not. */
export const refuseReservedPorts: RequestHandler = (req, _res, next) => {
  const port = req.exchange.sandbox?.port;
  next(port !== undefined && reservedPorts.has(port) ? new ProxyError('RESERVED_PORT') : undefined);
};
