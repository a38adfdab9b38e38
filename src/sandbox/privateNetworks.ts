import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { isLocalhost } from '../host/localhost.ts';

const privateNetworks = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['168.63.129.16', 32], // Azure's own services, beside its metadata
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24], // Documentation (RFC 5737), and two more below
  ['192.88.99.0', 24], // 6to4's relays (RFC 7526)
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  privateNetworks.addSubnet(network, bits, 'ipv4');
  // NAT64 (RFC 6052) and IPv4-mapped addresses reach the same hosts by an IPv6 name.
  privateNetworks.addSubnet(`64:ff9b::${network}`, 96 + bits, 'ipv6');
  privateNetworks.addSubnet(`::ffff:${network}`, 96 + bits, 'ipv6');
}
for (const [network, bits] of [
  ['::', 96],
  ['::ffff:0:0:0', 96], // Another way to name an IPv4 host (SIIT, RFC 2765)
  ['64:ff9b:1::', 48], // NAT64 within a network (RFC 8215)
  ['100::', 64],
  ['2001::', 23], // Teredo (RFC 4380), and other ways to name another host
  ['2001:db8::', 32], // Documentation (RFC 3849 and 9637)
  ['2002::', 16],
  ['3fff::', 20],
  ['5f00::', 16], // Segment routing (RFC 9602)
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  privateNetworks.addSubnet(network, bits, 'ipv6');
}

/** True for addresses that no public host has: loopback, private, reserved …; false for names. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && privateNetworks.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Says whether sandboxes may live on private addresses. */
export type PrivatePolicy = () => Promise<boolean>;

/**
 * Follows the setting; unset, it follows the Daytona API: one on a private address is self-hosted
 * and hands out private addresses, a hosted one has no reason to. A name that does not resolve
 * counts as public until it does.
 */
export function privatePolicy(setting: boolean | undefined, apiUrl: string): PrivatePolicy {
  if (setting !== undefined) return async () => setting;
  const hostname = new URL(apiUrl).hostname.replace(/^\[|\]$/g, '');
  let known: boolean | undefined;
  return async () => {
    known ??= await resolvesPrivately(hostname).catch(() => undefined);
    return known ?? false;
  };
}

async function resolvesPrivately(hostname: string): Promise<boolean> {
  if (isLocalhost(hostname)) return true;
  if (isIP(hostname) !== 0) return isPrivateAddress(hostname);
  const addresses = await lookup(hostname, { all: true });
  return addresses.length > 0 && addresses.every(({ address }) => isPrivateAddress(address));
}
