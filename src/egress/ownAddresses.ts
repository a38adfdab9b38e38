import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Interfaces come and go, and asking for them costs a system call for each. */
const keptMs = 5_000;

let own = new BlockList();
let readAt = Number.NEGATIVE_INFINITY;

/**
 * True for an address of this machine itself: what listens there may be meant for the machine
 * alone, also where the address is a public one. An address that a router translates into one of
 * these (NAT) cannot be seen from here.
 *
 * @returns false for a name
 */
export function isOwnAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  if (performance.now() - readAt >= keptMs) {
    own = read();
    readAt = performance.now();
  }
  return own.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

function read(): BlockList {
  const list = new BlockList();
  list.addAddress('0.0.0.0', 'ipv4');
  list.addAddress('::', 'ipv6');
  for (const { address, family, cidr, internal } of Object.values(networkInterfaces()).flatMap(
    (each) => each ?? [],
  )) {
    const version = family === 'IPv4' ? 'ipv4' : 'ipv6';
    // All of 127.0.0.0/8 is the machine, and not only the address that the interface names.
    const bits = internal ? Number(cidr?.split('/')[1]) : undefined;
    if (bits) list.addSubnet(address, bits, version);
    else list.addAddress(address, version);
    // NAT64 (RFC 6052); `::ffff:` is the list's own business.
    if (version === 'ipv4') list.addAddress(`64:ff9b::${address}`, 'ipv6');
  }
  return list;
}
