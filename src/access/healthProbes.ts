import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { isForwarded } from '../forwarded.ts';
import { type HostFormat, parseHost } from '../host/parse.ts';
import { plainAddress } from '../host/visitor.ts';

/** Which hosts are a sandbox's. */
export interface Hosts {
  readonly domains: readonly string[];
  readonly format: HostFormat;
}

const near = new BlockList();
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // Between a provider's machines, nodes of Kubernetes too (RFC 6598).
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  near.addSubnet(network, bits, 'ipv4');
}
near.addAddress('::1', 'ipv6');
near.addSubnet('fc00::', 7, 'ipv6');

/**
 * True where the machine or a neighbour (Docker, a kubelet, a load balancer) asks how we are, and
 * not on behalf of somebody else: these pages name nobody, and without them nothing comes up.
 */
export function isHealthProbe(req: IncomingMessage, { domains, format }: Hosts): boolean {
  const { upgrade, visitor } = req.exchange;
  return (
    !upgrade &&
    req.method === 'GET' &&
    /^\/(?:health|ready)$/.test(req.url ?? '') &&
    isNear(req.socket.remoteAddress ?? '') &&
    !isForwarded(req) &&
    !parseHost(visitor.host, domains, format)
  );
}

/** True for loopback and private addresses that no packet from the internet comes from. */
export function isNear(address: string): boolean {
  const plain = plainAddress(address);
  const family = isIP(plain);
  return family !== 0 && near.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}
