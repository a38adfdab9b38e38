import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type { Target } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import { attemptMs } from './connection.ts';

export interface HandshakeRules {
  readonly lookup: LookupFunction;
  readonly connectTimeoutMs: number;
  /** From the first step of dialling to the sandbox's word. */
  readonly upgradeTimeoutMs: number;
  readonly maxHeaderBytes: number;
}

const mostInterim = 32;

/** The sandbox's word on a handshake: a socket that is switched, or an answer like any other. */
export type Word =
  | { readonly response: IncomingMessage; readonly socket: Socket; readonly head: Buffer }
  | { readonly response: IncomingMessage; readonly socket?: undefined };

/** A handshake that failed, and whether bytes of an answer had come. */
export class HandshakeFailure extends Error {
  readonly heard: boolean;

  constructor(cause: unknown, heard: boolean) {
    super('the handshake failed', { cause });
    this.heard = heard;
  }
}

/** Sends the handshake on a connection of its own. */
export function dial(
  rules: HandshakeRules,
  target: Target,
  path: string,
  head: readonly string[],
): ClientRequest {
  const { request } = target.protocol === 'https:' ? https : http;
  const options: RequestOptions & { autoSelectFamilyAttemptTimeout: number } = {
    host: target.hostname,
    port: target.port,
    path,
    headers: [...head, 'connection', 'Upgrade', 'upgrade', 'websocket'],
    setHost: false,
    agent: false,
    lookup: rules.lookup,
    autoSelectFamilyAttemptTimeout: attemptMs(rules.connectTimeoutMs),
    maxHeaderSize: rules.maxHeaderBytes,
  };
  const outgoing = request(options);
  outgoing.maxHeadersCount = 0; // Bounded by their size; Node would drop those behind the 1000th.
  outgoing.once('socket', (socket) => {
    const late = setTimeout(
      () => outgoing.destroy(new ProxyError('UPSTREAM_UNREACHABLE', { cause: notConnected() })),
      rules.connectTimeoutMs,
    );
    const stop = () => {
      clearTimeout(late);
      socket.off('connect', stop).off('close', stop);
    };
    socket.on('connect', stop).on('close', stop);
  });
  outgoing.end();
  return outgoing;
}

/**
 * Waits for the sandbox's word.
 *
 * @throws HandshakeFailure
 */
export function handshake(outgoing: ClientRequest, timeoutMs: number): Promise<Word> {
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown) => {
      clearTimeout(late);
      reject(new HandshakeFailure(cause, wasHeard(outgoing, cause)));
    };
    const late = setTimeout(() => {
      fail(new ProxyError('UPSTREAM_UNREACHABLE'));
      outgoing.destroy();
    }, timeoutMs);
    outgoing.once('close', () => fail(new Error('closed without an answer')));
    outgoing.on('error', fail);
    let interim = 0;
    outgoing.on('information', ({ statusCode }) => {
      interim += 1;
      if (statusCode !== 101 && interim <= mostInterim) return;
      fail(new ProxyError('UPSTREAM_INVALID'));
      outgoing.destroy();
    });
    outgoing.once('response', (response) => {
      clearTimeout(late);
      resolve({ response });
    });
    outgoing.once('upgrade', (response, socket: Socket, head) => {
      clearTimeout(late);
      destroyOnError(socket);
      resolve({ response, socket, head });
    });
  });
}

/** As undici says it of its connections. */
function notConnected(): Error {
  const code = 'UND_ERR_CONNECT_TIMEOUT';
  return Object.assign(new Error('no connection in time'), { code });
}

/** Has something done when the request has its connection, with TLS where there is any. */
export function onceConnected(outgoing: ClientRequest, connected: () => void): void {
  outgoing.once('socket', (socket) => {
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', connected);
  });
}

/** On its own, so that the socket of an open WebSocket does not hold its whole handshake. */
function destroyOnError(socket: Socket): void {
  socket.on('error', () => socket.destroy());
}

/** Node counts what came over TLS too, alerts and tickets; its parser's word is surer. */
function wasHeard({ socket }: ClientRequest, cause: unknown): boolean {
  const code = String((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
  if (code.startsWith('HPE_')) return true;
  return socket !== null && !('encrypted' in socket) && socket.bytesRead > 0;
}
