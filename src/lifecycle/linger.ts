import type { IncomingMessage } from 'node:http';

/** A client that goes on uploading after it has its answer is cut off after this time. */
const lingerMs = 2_000;

/**
 * Lets a client read an answer that came before its upload was finished: to close a connection on
 * which unread bytes wait resets it, and the answer may be lost. So our half is closed first, and
 * the rest is read for a while (lingering close; RFC 9112, section 9.6).
 */
export function lingerOnEarlyAnswer(req: IncomingMessage): void {
  const { socket } = req;
  const destroySoon = socket.destroySoon.bind(socket);
  socket.destroySoon = () => {
    if (req.complete || socket.destroyed) return destroySoon();
    const late = setTimeout(() => socket.destroy(), lingerMs);
    socket.once('close', () => clearTimeout(late));
    req.once('end', destroySoon);
    socket.end();
    req.resume();
  };
}
