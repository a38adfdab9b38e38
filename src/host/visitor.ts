import type { IncomingMessage } from 'node:http';
import { type BlockList, isIP, type Socket } from 'node:net';
import { ipKeyGenerator } from 'express-rate-limit';
import type { Visitor } from '../exchange.ts';

/** The other end of a client's connection. */
export interface Peer {
  readonly address: string;
  readonly network: string;
  /** True for a proxy that the operator listed in TRUSTED_PROXIES. */
  readonly trusted: boolean;
}

/** Reads a connection's peer; the answer holds for as long as the connection. */
export function identifyPeer(socket: Socket, trusted: BlockList): Peer {
  const address = plainAddress(socket.remoteAddress ?? '');
  return { address, network: networkOf(address), trusted: isTrusted(address, trusted) };
}

/**
 * Says who sent a request. Forwarding headers count only when the connection comes from a trusted
 * proxy, and of X-Forwarded-For only the part that trusted proxies wrote: it is read from the
 * right, up to the first address that is not one of them.
 *
 * @param assumed how visitors come where nothing says so
 */
export function identifyVisitor(
  req: IncomingMessage,
  peer: Peer,
  trusted: BlockList,
  assumed: 'http' | 'https' = 'http',
): Visitor {
  const { address, network } = peer;
  const host = (req.headers.host ?? '').toLowerCase();
  const direct = 'encrypted' in req.socket ? 'https' : assumed;
  if (!peer.trusted) return { address, network, fronted: false, proto: direct, host };

  const claimed = header(req, 'x-forwarded-proto').split(',').at(-1)?.trim();
  const proto = claimed === 'https' || claimed === 'http' ? claimed : direct;
  const hops = header(req, 'x-forwarded-for')
    .split(',')
    .map((hop) => plainAddress(hop.trim()));
  let visitor = address;
  for (const hop of hops.reverse()) {
    if (isIP(hop) === 0) break;
    visitor = hop;
    if (!isTrusted(hop, trusted)) break;
  }
  return { address: visitor, network: networkOf(visitor), fronted: true, proto, host };
}

function isTrusted(address: string, trusted: BlockList): boolean {
  const family = isIP(address);
  return family !== 0 && trusted.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** IPv6 clients are counted by /56, the network that one customer usually holds. */
function networkOf(address: string): string {
  return isIP(address) === 6 ? ipKeyGenerator(address, 56) : address;
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
