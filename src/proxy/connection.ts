import type { LookupFunction, Socket } from 'node:net';
import { buildConnector, Client, type Dispatcher } from 'undici';
import type { Target } from '../exchange.ts';
import { skipContinue } from './skipContinue.ts';

export interface ConnectionRules {
  readonly lookup: LookupFunction;
  readonly connectTimeoutMs: number;
  /** Largest head of an answer, in bytes. */
  readonly maxHeaderBytes: number;
}

/**
 * How long each address of a name is tried before the next. Node's 250 ms give up on a sandbox that
 * is far away, or on any while this process is busy.
 */
export function attemptMs(connectTimeoutMs: number): number {
  return Math.max(10, Math.ceil(connectTimeoutMs / 3));
}

type Connector = ReturnType<typeof buildConnector>;

/** Makes what dials sandboxes; all connections share it, and its TLS sessions with it. */
export function connectorOf({ lookup, connectTimeoutMs }: ConnectionRules): Connector {
  return buildConnector({
    lookup,
    timeout: connectTimeoutMs,
    autoSelectFamilyAttemptTimeout: attemptMs(connectTimeoutMs),
    keepAliveInitialDelay: 30_000,
    allowH2: false,
  });
}

/**
 * One connection to a sandbox's port, for one exchange at a time: an undici client that knows
 * what its present exchange has heard, so that nobody needs to guess from an error's text
 * whether the sandbox saw the request.
 */
export class Connection {
  readonly origin: string;
  readonly #client: Client;
  #socket: Socket | undefined;
  /** True where the exchange began on a connection that had carried another before. */
  #reused = false;
  #heard = false;
  #atStart = false;
  readonly #maxHeaderBytes: number;

  constructor(target: Target, connect: Connector, maxHeaderBytes: number) {
    this.origin = target.origin;
    this.#maxHeaderBytes = maxHeaderBytes;
    this.#client = new Client(target.origin, {
      connect: (options, callback) =>
        connect(options, (...[error, socket]) => {
          if (error) return callback(error, null);
          this.#watch(socket);
          callback(null, socket);
        }),
      pipelining: 1,
      maxHeaderSize: maxHeaderBytes,
      // Idle connections end before Daytona's edge ends them at 70 s.
      keepAliveTimeout: 60_000,
      keepAliveMaxTimeout: 60_000,
      // A model that thinks for minutes sends nothing meanwhile: silence is no error.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#client.on('disconnect', () => {
      this.#socket = undefined;
    });
  }

  /** False once the peer or the idle time has ended it. */
  get open(): boolean {
    return this.#socket !== undefined && !this.#socket.destroyed;
  }

  /**
   * True where a failure can only mean that the peer had closed an idle connection: it had carried
   * an answer before, and not a byte came for this exchange. Only then may a request be repeated.
   */
  get stale(): boolean {
    return this.#reused && !this.#heard;
  }

  /** True as soon as a byte of an answer has come. */
  get heard(): boolean {
    return this.#heard;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#reused = this.open;
    this.#heard = false;
    this.#atStart = true;
    this.#client.dispatch(options, handler);
  }

  /** Has `closed` called when the connection is no longer of use. */
  onClose(closed: () => void): void {
    this.#client.on('disconnect', closed);
  }

  /** Ends it at once, and its exchange with an error if there is one. */
  destroy(): void {
    this.#client.destroy().catch(() => {});
  }

  /** Stands between the socket and undici's parser, at the beginning of each answer. */
  #watch(socket: Socket): void {
    this.#socket = socket;
    this.#reused = false;
    // undici takes a reset for the regular end of an answer that ends with its connection, and a
    // visitor would get half a body as a whole one. It hears of the error after this listener.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNRESET') error.code = 'UPSTREAM_RESET';
    });
    const read = socket.read.bind(socket);
    let begun: Buffer | undefined;
    let skipped = 0;
    socket.read = (size) => {
      let chunk: Buffer | null = read(size);
      if (!this.#atStart) return chunk;
      for (; chunk !== null; chunk = read(size)) {
        this.#heard = true;
        begun = begun ? Buffer.concat([begun, chunk]) : chunk;
        const rest = skipContinue(begun, this.#maxHeaderBytes);
        if (rest === undefined) continue;
        skipped += begun.length - rest.length;
        const endless = skipped > this.#maxHeaderBytes; // The parser ends it.
        const given = endless ? begun : rest;
        begun = undefined;
        if (given.length === 0) continue;
        skipped = 0;
        this.#atStart = false;
        return given;
      }
      return null;
    };
  }
}
