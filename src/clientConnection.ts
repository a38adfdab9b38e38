import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BlockList, Socket } from 'node:net';
import { identifyPeer, type Peer } from './host/visitor.ts';

/** A client that goes on uploading after it has its answer is cut off after this time. */
const lingerMs = 2_000;
/** Requests that may wait on one connection for the answers before theirs. */
const mostWaiting = 100;

interface Waiting {
  /** undefined for what is no request. */
  readonly req: IncomingMessage | undefined;
  readonly begin: () => void;
}

/** What the server knows of a client's connection, for as long as that is open. */
export class ClientConnection {
  readonly peer: Peer;
  /** The answer that is under way or was the last. */
  latest: ServerResponse | undefined;
  /** True where it is one too many, or nobody knows where its next request begins: none counts. */
  refused = false;
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  #ending = false;

  constructor(socket: Socket, trustedProxies: BlockList) {
    this.#socket = socket;
    this.peer = identifyPeer(socket, trustedProxies);
    const destroySoon = socket.destroySoon.bind(socket);
    socket.destroySoon = () => {
      if (this.#uploading && !socket.readableEnded && !socket.destroyed) {
        lingeringClose(socket, this.latest, destroySoon);
      } else {
        destroySoon();
      }
    };
  }

  /**
   * Begins an exchange once those before it on the connection are over. Node hands out pipelined
   * requests all at once, but one may depend on the one before it (RFC 9112, section 9.3.2), and a
   * single connection could hold as many exchanges as it likes.
   *
   * @param req undefined for what is no request
   */
  inTurn(req: IncomingMessage | undefined, begin: () => void): void {
    if (!this.latest || (this.latest.closed && this.#waiting.length === 0)) begin();
    else if (this.#waiting.length < mostWaiting) this.#waiting.push({ req, begin });
    else this.#socket.destroy();
  }

  /** Called when the latest answer is over. */
  nextTurn(): void {
    if (!this.#socket.destroyed) this.#waiting.shift()?.begin();
  }

  /** Ends it behind the answers to the whole requests that have come; only the first call counts. */
  endInTurn(end: () => void): void {
    if (this.#ending) return;
    this.#ending = true;
    if (this.#waiting.at(-1)?.req?.complete === false) this.#waiting.pop();
    this.inTurn(undefined, end);
  }

  get #uploading(): boolean {
    return this.latest?.req.complete === false;
  }
}

/**
 * Lets a client read an answer that came before its upload was finished: to close a connection on
 * which unread bytes wait resets it, and the answer may be lost. So our half is closed first, and
 * the rest is read for a while (RFC 9112, section 9.6).
 */
function lingeringClose(
  socket: Socket,
  latest: ServerResponse | undefined,
  destroySoon: () => void,
): void {
  const late = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(late));
  latest?.req.once('end', destroySoon);
  latest?.req.resume();
  socket.end();
}
