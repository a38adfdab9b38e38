import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { KeepGentleEnd } from '../exchange.ts';
import { GentleEnds } from './gentleEnds.ts';

/** A connection on which nothing has come for so long is idle, and may be ended. */
const idleMs = 1_000;
/** What a client needs to close its half of a connection whose other half is closed. */
const lingerMs = 500;

/** A connection without an exchange: what had come of it, and since when nothing has. */
interface Silence {
  readonly bytesRead: number;
  readonly since: number;
}

/**
 * Everything that is under way. Node's server forgets a socket once it is upgraded, so the proxy
 * keeps its own account of what must end before the process may.
 */
export class OpenWork {
  readonly #connections = new Set<Socket>();
  readonly #transports = new Set<Socket>();
  readonly #webSockets = new Set<Socket>();
  readonly #answers = new Set<ServerResponse>();
  readonly #ends = new GentleEnds();
  readonly #silent = new WeakMap<Socket, Silence>();
  #eventStreams = 0;
  #draining = false;

  /** True from the first moment of a stop. */
  get draining(): boolean {
    return this.#draining;
  }

  addConnection(socket: Socket): void {
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
  }

  /** Keeps a TCP connection under one of TLS, or one on which the handshake is still to come. */
  addTransport(socket: Socket): void {
    this.#transports.add(socket);
    socket.once('close', () => this.#transports.delete(socket));
  }

  addWebSocket(socket: Socket): void {
    this.#webSockets.add(socket);
    socket.once('close', () => this.#webSockets.delete(socket));
  }

  addRequest(res: ServerResponse): void {
    this.#answers.add(res);
    if (this.#draining) res.shouldKeepAlive = false;
    res.once('close', () => this.#answers.delete(res));
  }

  /** Keeps the gentle end of a WebSocket or a stream, which has none of its own in sight. */
  readonly addLasting: KeepGentleEnd = (end, kind) => {
    const forget = this.#ends.add(end);
    if (kind !== 'http') return forget;
    this.#eventStreams += 1;
    return () => {
      this.#eventStreams -= 1;
      forget();
    };
  };

  /** `openRequests` has the event streams among them. */
  counts() {
    return {
      openRequests: this.#answers.size,
      openWebSockets: this.#webSockets.size,
      openEventStreams: this.#eventStreams,
      openConnections: Math.max(this.#connections.size, this.#transports.size),
    };
  }

  /** Has every answer from now on say that its connection closes. */
  drain(): void {
    this.#draining = true;
    for (const res of this.#answers) res.shouldKeepAlive = false;
  }

  /** Ends what would last gently: one after the other, all within `spreadMs`. */
  endLasting(spreadMs: number, withinMs: number): void {
    this.#ends.begin(spreadMs, withinMs);
  }

  /**
   * Ends each connection that has been idle for a second; to be called again and again. Only our
   * half is closed first: a request that crosses with the end of its connection is the exception
   * then, and none is reset.
   */
  endIdle(): void {
    const busy = new Set(this.#webSockets);
    for (const { req } of this.#answers) busy.add(req.socket);
    const now = performance.now();
    for (const socket of this.#connections) {
      const { bytesRead } = socket;
      const silence = this.#silent.get(socket);
      if (busy.has(socket)) {
        this.#silent.delete(socket);
      } else if (silence?.bytesRead !== bytesRead) {
        this.#silent.set(socket, { bytesRead, since: now });
      } else if (now - silence.since >= idleMs + lingerMs) {
        socket.destroy();
      } else if (now - silence.since >= idleMs && !socket.writableEnded) {
        socket.end();
      }
    }
  }

  /** Ends every connection at once, upgraded ones too. */
  destroyAll(): void {
    this.#ends.stop();
    for (const socket of [...this.#connections, ...this.#transports]) socket.destroy();
  }
}
