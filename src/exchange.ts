import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { ErrorCode } from './replies/errors.ts';
import type { Look } from './replies/look.ts';
import { Timeline } from './telemetry/timeline.ts';
import { type Trace, traceIn } from './telemetry/trace.ts';

/** The port of a sandbox that a host name asks for; `id` may be a sandbox's name. */
export interface SandboxAddress {
  readonly id: string;
  readonly port: number;
}

/** What things about a sandbox's port are kept by. */
export function keyOf({ id, port }: SandboxAddress): string {
  return `${id}:${port}`;
}

/** True for a method that changes nothing (RFC 9110, section 9.2.1), TRACE left out. */
export function isRead(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

/** Who sent the request, as far as trusted proxies tell. */
export interface Visitor {
  /** IP address without an IPv4-in-IPv6 prefix. */
  readonly address: string;
  /** What limits count by: the IPv4 address, or the IPv6 network. */
  readonly network: string;
  /** True where a trusted proxy speaks for the visitor: its connections are not the visitor's. */
  readonly fronted: boolean;
  readonly proto: 'http' | 'https';
  /** The one raw Host header, lower-case: `3000-abc.example.com:8443`. */
  readonly host: string;
}

/** A sandbox port's address on the network, checked once when its link was fetched. */
export interface Target {
  /** Scheme, host and port, as a browser writes them: `https://3000-abc.daytona.work`. */
  readonly origin: string;
  readonly protocol: 'http:' | 'https:';
  /** Host and, unless it is the scheme's default, port. */
  readonly host: string;
  readonly hostname: string;
  /** Empty for the scheme's default. */
  readonly port: string;
}

/** Where stage 4 found the sandbox, and what must be said there to be let in. */
export interface Upstream {
  readonly target: Target;
  /** Daytona's id, also where the visitor used a name. */
  readonly sandboxId: string;
  /** Lower-case names and values in flat pairs, put on the request after the visitor's own. */
  readonly headers: readonly string[];
  /** What stands before the visitor's path there: `/sandboxes/abc/toolbox/proxy/3000`, or nothing. */
  readonly pathPrefix: string;
  /** To be called once an app has answered; left out where none stands there. */
  readonly answered?: () => void;
  /**
   * Finds the sandbox anew after what looks like a refusal by Daytona's edge. Rejects with the error
   * for the visitor where it is not to be had.
   *
   * @returns undefined where Daytona contradicts: then it was the app that answered
   */
  readonly again: (refusal: Refusal) => Promise<Upstream | undefined>;
}

/**
 * Why Daytona's edge or runner, and not the app behind it, said no; `unreachable` where nobody was
 * there to say so.
 */
export type Refusal = (typeof refusals)[number];
export const refusals = [
  'token',
  'stopped',
  'archived',
  'gone',
  'not-listening',
  'unreachable',
] as const;

/** Which knowledge of the sandbox an exchange went by; `stale` where Daytona did not answer. */
export type CacheAnswer = (typeof cacheAnswers)[number];
export const cacheAnswers = ['hit', 'miss', 'stale'] as const;

/** A sandbox's redirects that are followed for the visitor, and what is asked for at the end. */
export interface Trail {
  /** So many redirects are followed. */
  readonly limit: number;
  /** All that was asked for, what the visitor did first: `GET /path?query`. */
  readonly asked: readonly string[];
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** False once the request's body was left behind. */
  readonly withBody: boolean;
}

/** How an app sees a visitor's Origin that is its own host's; see `proxy/origin.ts`. */
export type OriginMode = 'local' | 'preserve' | 'upstream' | 'strip';

/** The socket half of an upgrade; `response` answers on it until a 101 goes out. */
export interface Upgrade {
  readonly socket: Socket;
  readonly response: ServerResponse;
  /** Ends the watch over the socket, and gives what the client sent behind its handshake. */
  takeOver(): Buffer[];
}

/**
 * Ends gently what would last: an open WebSocket, an event stream.
 *
 * @param withinMs how long it may wait for a good moment
 */
export type GentleEnd = (withinMs: number) => void;

/** Keeps a gentle end for the day on which the process stops; gives what forgets it again. */
export type KeepGentleEnd = (end: GentleEnd, kind?: Exchange['kind']) => () => void;

type RequestHead = Pick<IncomingMessage, 'method' | 'url'> &
  Partial<Pick<IncomingMessage, 'headers'>>;

/** One request or upgrade on its way, and what the stages leave for the stages after them. */
export class Exchange {
  readonly requestId: string;
  /** Path and query, byte for byte as they came; without a key that was shown to us in it. */
  target: string;
  /** The path on our host below which the sandbox's toolbox stands; empty on a sandbox's own host. */
  mount = '';
  readonly visitor: Visitor;
  /** Where the time goes, from the arrival on. */
  readonly timeline = new Timeline();
  /** Fields of ours that every answer carries, the sandbox's too: names and values in flat pairs. */
  readonly ownFields: string[];
  readonly kind: 'http' | 'websocket';
  readonly method: string;
  /** How our own pages look, the same for all; here, where whatever sends one finds it. */
  look: Look | undefined = undefined;
  /** Gone once a 101 went out: an open WebSocket need not remember how it was opened. */
  upgrade: Upgrade | undefined;
  /** True while the client waits for `100 Continue` before it sends its body. */
  awaitsContinue = false;
  /** The field in which the visitor showed us a credential, and which the sandbox does not get. */
  withheld: 'authorization' | undefined = undefined;
  /** True where the visitor may do only a part of what the sandbox offers: its app gets no say. */
  restricted = false;
  /** The signed token that the host has in the place of a sandbox's id. */
  signedBy: string | undefined = undefined;
  /** True where that has named the sandbox: whoever has it may enter. */
  signed = false;
  /** Daytona's id of the sandbox that the visitor's credential opens; undefined at an open door. */
  admittedTo: string | undefined = undefined;
  /** True where Daytona was asked about the sandbox for this exchange. */
  lookedUp = false;
  /** How this sandbox's port wants to see the Origin, where a label says so. */
  originMode: OriginMode | undefined = undefined;
  /** True where what the sandbox says of CORS is replaced by what stands in `ownFields`. */
  ownsCors = false;
  /** To be called whenever bytes move that show that somebody uses the sandbox. */
  noteUse: (() => void) | undefined = undefined;
  sandbox: SandboxAddress | undefined = undefined;
  upstream: Upstream | undefined = undefined;
  /** What the sandbox is asked for in the place of `method` and `target`; undefined: these. */
  trail: Trail | undefined = undefined;
  /** Code of the error that we answered with, or that cut the sandbox's answer short. */
  error: ErrorCode | undefined = undefined;
  /** Which knowledge it found its sandbox by at first; undefined where it did not come so far. */
  cache: CacheAnswer | undefined = undefined;
  /** Where it was carried to last; `upstream` is gone once a WebSocket is open. */
  carriedTo: Target | undefined = undefined;
  /** True where the answer is a stream of server-sent events. */
  eventStream = false;
  /** How often it was sent again: on another connection, and to a sandbox that was found anew. */
  retries = 0;
  healed = 0;
  /** Of bodies, and of a WebSocket's frames. */
  bytesUp = 0;
  bytesDown = 0;
  /** What it came with, or what begins when it goes on to a sandbox. */
  trace: Trace | undefined;
  #over = false;
  readonly #last: (() => void)[] = [];
  readonly #keepEnd: KeepGentleEnd | undefined;

  constructor(
    requestId: string,
    req: RequestHead,
    visitor: Visitor,
    upgrade?: Upgrade,
    keepEnd?: KeepGentleEnd,
  ) {
    this.requestId = requestId;
    this.method = req.method ?? '';
    this.target = req.url ?? '/';
    this.kind = upgrade ? 'websocket' : 'http';
    this.visitor = visitor;
    this.ownFields = ['X-Request-Id', requestId];
    this.upgrade = upgrade;
    this.#keepEnd = keepEnd;
    this.trace = traceIn(req.headers);
  }

  /**
   * Has something done once the answer is complete, the WebSocket is closed or the client has left;
   * at once where that is so already.
   */
  whenOver(last: () => void): void {
    if (this.#over) last();
    else this.#last.push(last);
  }

  /** Has an exchange that would last ended gently when the process stops, if it is not over then. */
  whenDraining(end: GentleEnd): void {
    if (!this.#over && this.#keepEnd) this.whenOver(this.#keepEnd(end, this.kind));
  }

  /** Called when there is nothing more to say to the client; only the first call counts. */
  end(): void {
    this.#over = true;
    for (const last of this.#last.splice(0)) last();
  }
}

/** The sandbox's address, which every stage behind the host's may rely on. */
export function addressOf({ sandbox }: Exchange): SandboxAddress {
  if (!sandbox) throw new Error('a request without a sandbox came past the host stage');
  return sandbox;
}

/** The path without its query, which may hold secrets. */
export function pathOf({ target }: Exchange): string {
  const query = target.search(/[?#]/);
  return query < 0 ? target : target.slice(0, query);
}

declare module 'node:http' {
  interface IncomingMessage {
    exchange: Exchange;
  }
}

/** True when there is nobody to answer any more, or an answer already; asked after every await. */
export function clientLeft(req: IncomingMessage, res: ServerResponse): boolean {
  return res.destroyed || res.writableEnded || req.socket.destroyed;
}
