import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The port of a sandbox that a host name asks for; `id` may be a sandbox's name. */
export interface SandboxAddress {
  readonly id: string;
  readonly port: number;
}

/** Who sent the request, as far as trusted proxies tell. */
export interface Visitor {
  /** IP address without an IPv4-in-IPv6 prefix. */
  readonly address: string;
  readonly proto: 'http' | 'https';
  /** The one raw Host header, lower-case: `3000-abc.example.com:8443`. */
  readonly host: string;
}

/** Where stage 4 found the sandbox, and what must be said there to be let in. */
export interface Upstream {
  /** Scheme, host and port only. */
  readonly origin: URL;
  /** Lower-case names and values, set on the request after the visitor's own are cleaned. */
  readonly headers: readonly (readonly [string, string])[];
  /** Told when Daytona's edge itself refuses: what is cached of the sandbox is no longer true. */
  readonly refused: (refusal: Refusal) => void;
}

/** Why Daytona's edge, and not the app behind it, said no. */
export type Refusal = 'token' | 'stopped' | 'archived' | 'gone' | 'not-listening';

/** The socket half of an upgrade; `response` answers on it until a 101 goes out. */
export interface Upgrade {
  readonly socket: Socket;
  readonly head: Buffer;
  readonly response: ServerResponse;
}

/** What the stages leave on a request for the stages after them. */
export interface Exchange {
  readonly requestId: string;
  /** Path and query, byte for byte as they came. */
  readonly target: string;
  /** `performance.now()` at arrival. */
  readonly startedAt: number;
  readonly visitor: Visitor;
  readonly upgrade?: Upgrade;
  sandbox?: SandboxAddress;
  upstream?: Upstream;
  /** True once a 101 went out, which no ServerResponse ever sees. */
  switched?: boolean;
  /** Code of the error that we answered with ourselves. */
  error?: string;
}

declare module 'node:http' {
  interface IncomingMessage {
    exchange: Exchange;
  }
}

/** True when nobody is there any more to read an answer; asked after every await. */
export function clientLeft(req: IncomingMessage, res: ServerResponse): boolean {
  return res.destroyed || req.socket.destroyed;
}
