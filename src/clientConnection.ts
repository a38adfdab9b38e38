import type { ServerResponse } from 'node:http';
import type { BlockList, Socket } from 'node:net';
import { identifyPeer, type Peer } from './host/visitor.ts';

/** A client that goes on uploading after it has its answer is cut off after this time. */
const lingerMs = 2_000;

/** What the server knows of a client's connection, for as long as that is open. */
export class ClientConnection {
  readonly peer: Peer;
  /** The answer that is under way or was the last. */
  latest: ServerResponse | undefined;
  /** True where it is one too many, or bytes came that are no HTTP: no request of it counts. */
  refused = false;

  constructor(socket: Socket, trustedProxies: BlockList) {
    this.peer = identifyPeer(socket, trustedProxies);
    const destroySoon = socket.destroySoon.bind(socket);
    socket.destroySoon = () => {
      if (this.#uploading && !socket.destroyed) lingeringClose(socket, this.latest, destroySoon);
      else destroySoon();
    };
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
