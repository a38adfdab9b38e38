import { type BlockList, isIP } from 'node:net';
import type { RequestHandler } from 'express';
import { ProxyError } from '../replies/errors.ts';
import { type Hosts, isHealthProbe } from './healthProbes.ts';

export interface AddressRules {
  /** Only these get in; undefined for all. */
  readonly allow: BlockList | undefined;
  readonly deny: BlockList;
}

/** Lets in whose address may come, and who only asks how we are, before anything else is asked. */
export function checkAddress(rules: AddressRules, hosts: Hosts): RequestHandler {
  if (!rules.allow && rules.deny.rules.length === 0) return (_req, _res, next) => next();
  return (req, _res, next) => {
    const { address } = req.exchange.visitor;
    const denial = { allow: undefined, deny: rules.deny };
    if (mayCome(address, rules) || (mayCome(address, denial) && isHealthProbe(req, hosts))) next();
    else throw new ProxyError('ADDRESS_REFUSED');
  };
}

/** Denial wins; an address that cannot be read may not come where there is a rule at all. */
export function mayCome(address: string, { allow, deny }: AddressRules): boolean {
  const family = isIP(address);
  if (family === 0) return allow === undefined && deny.rules.length === 0;
  const within = (list: BlockList) => list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  return !within(deny) && (allow === undefined || within(allow));
}
