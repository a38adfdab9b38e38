import type { RequestHandler } from 'express';
import { ProxyError } from '../replies/errors.ts';
import { inspectHead, inspectUpgrade } from './inspect.ts';
import { type HostFormat, parseHost } from './parse.ts';

/** Stage 1: refuses ambiguous heads, and leaves the sandbox's address if the host names one. */
export function findSandbox(hosts: {
  readonly domains: readonly string[];
  readonly format: HostFormat;
}): RequestHandler {
  return (req, _res, next) => {
    const problem = req.exchange.upgrade ? inspectUpgrade(req) : inspectHead(req);
    if (problem) throw new ProxyError('INVALID_REQUEST', { cause: new Error(problem) });
    const address = parseHost(req.headers.host ?? '', hosts.domains, hosts.format);
    if (address) req.exchange.sandbox = address;
    next();
  };
}
