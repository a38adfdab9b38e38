import type { IncomingMessage } from 'node:http';
import { plainAddress } from '../host/visitor.ts';

/** A request as it arrives here, for whoever wants to know what a front proxy makes of it. */
export function seenOf(req: IncomingMessage, instance: string) {
  const { host, address, proto, fronted } = req.exchange.visitor;
  return {
    instance,
    host,
    address,
    proto,
    fronted,
    peer: plainAddress(req.socket.remoteAddress ?? ''),
    forwardedFor: textOf(req.headers['x-forwarded-for']),
    forwardedProto: textOf(req.headers['x-forwarded-proto']),
    origin: textOf(req.headers.origin),
    connectingIp: textOf(req.headers['cf-connecting-ip']),
  };
}

/** What a program reads of it. */
export type Seen = ReturnType<typeof seenOf>;

function textOf(value: string | string[] | undefined): string | null {
  return value === undefined ? null : String(value);
}
