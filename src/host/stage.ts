import type { RequestHandler } from 'express';
import { remembered } from '../remembered.ts';
import { ProxyError } from '../replies/errors.ts';
import { inspectHead, inspectUpgrade } from './inspect.ts';
import { type HostFormat, parseHost } from './parse.ts';

/** Stage 1: refuses ambiguous heads, and leaves the sandbox's address if the host names one. */
export function findSandbox(hosts: {
  readonly domains: readonly string[];
  readonly format: HostFormat;
}): RequestHandler {
  const addressOf = remembered((host) => parseHost(host, hosts.domains, hosts.format));
  return (req, _res, next) => {
    const problem = req.exchange.upgrade ? inspectUpgrade(req) : inspectHead(req);
    if (problem) throw new ProxyError('INVALID_REQUEST', { cause: new Error(problem) });
    const address = addressOf(req.exchange.visitor.host);
    if (address) req.exchange.sandbox = address;
    next();
  };
}
