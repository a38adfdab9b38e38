import type { ServerResponse } from 'node:http';
import type { BlockList, Socket } from 'node:net';
import { identifyPeer, type Peer } from '../host/visitor.ts';
import { Turns } from './turns.ts';

/** A client that goes on sending after it has its answer is cut off after this time. */
const lingerMs = 2_000;

/** What the server knows of a client's connection, for as long as that is open. */
export class ClientConnection {
  readonly peer: Peer;
  readonly turns: Turns;
  /** True once it is to be ended behind our answer: no request that it still brings counts. */
  closing = false;

  constructor(socket: Socket, trustedProxies: BlockList) {
    this.peer = identifyPeer(socket, trustedProxies);
    this.turns = new Turns(
      () => lingeringClose(socket, this.turns.latest),
      () => socket.destroy(),
    );
    // Node ends a connection by it, behind an answer that is the last.
    const destroySoon = socket.destroySoon.bind(socket);
    socket.destroySoon = () => {
      const { latest } = this.turns;
      const uploading = latest?.req.complete === false && !socket.readableEnded;
      if (uploading && !socket.destroyed) lingeringClose(socket, latest, destroySoon);
      else destroySoon();
    };
  }
}

/**
 * Lets a client read its answer although it still sends: to close a connection on which unread
 * bytes wait resets it, and the answer may be lost. So our half is closed first, and the rest is
 * read for a while (RFC 9112, section 9.6).
 */
function lingeringClose(
  socket: Socket,
  latest: ServerResponse | undefined,
  whenRead?: () => void,
): void {
  const late = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(late));
  if (whenRead) latest?.req.once('end', whenRead);
  latest?.req.resume();
  socket.end();
}
