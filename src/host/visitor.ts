import type { IncomingMessage } from 'node:http';
import { type BlockList, isIP } from 'node:net';
import type { Visitor } from '../exchange.ts';

/**
 * Says who sent a request. Forwarding headers count only when the connection comes from a trusted
 * proxy, and of X-Forwarded-For only the part that trusted proxies wrote: it is read from the
 * right, up to the first address that is not one of them.
 */
export function identifyVisitor(req: IncomingMessage, trusted: BlockList): Visitor {
  const peer = plainAddress(req.socket.remoteAddress ?? '');
  const host = (req.headers.host ?? '').toLowerCase();
  const direct = 'encrypted' in req.socket ? 'https' : 'http';
  if (!isTrusted(peer, trusted)) return { address: peer, proto: direct, host };

  const claimed = header(req, 'x-forwarded-proto').split(',').at(-1)?.trim();
  const proto = claimed === 'https' || claimed === 'http' ? claimed : direct;
  const hops = header(req, 'x-forwarded-for')
    .split(',')
    .map((hop) => plainAddress(hop.trim()));
  let address = peer;
  for (const hop of hops.reverse()) {
    if (isIP(hop) === 0) break;
    address = hop;
    if (!isTrusted(hop, trusted)) break;
  }
  return { address, proto, host };
}

/** True for an address that the operator listed in TRUSTED_PROXIES. */
export function isTrusted(address: string, trusted: BlockList): boolean {
  const family = isIP(address);
  return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Writes an IPv4 address that arrived on an IPv6 socket (`::ffff:192.0.2.1`) as plain IPv4. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? address;
}

function header(req: IncomingMessage, name: string): string {
  const value = req.headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}
