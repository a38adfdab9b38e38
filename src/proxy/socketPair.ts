import type { Socket } from 'node:net';

/** A peer whose computer vanished is found by TCP after this time and a few probes. */
const keepAliveMs = 30_000;
/** After one half has ended, the other may take this long over what is still to be written. */
const lastWriteMs = 5_000;

/**
 * Joins two sockets until either ends, and then ends both: a WebSocket has no half that goes on
 * alone. Each side is read only as fast as the other is written. Not a byte is added.
 *
 * @param idleMs ends a pair on which no byte has moved for so long; 0 never does
 */
export function joinSockets(client: Socket, sandbox: Socket, idleMs: number): void {
  endTogether(client, sandbox);
  endTogether(sandbox, client);
  forward(client, sandbox);
  forward(sandbox, client);
  // What either side sends is read from one and written to the other: one clock sees both.
  client.setTimeout(idleMs, () => {
    client.destroy();
    sandbox.destroy();
  });
}

function endTogether(one: Socket, other: Socket): void {
  if (one.destroyed) other.destroy();
  one.once('close', (failed) => {
    if (failed) other.destroy();
    else endSoon(other);
  });
}

function forward(from: Socket, to: Socket): void {
  from.setNoDelay(true);
  from.setKeepAlive(true, keepAliveMs);
  from.setTimeout(0);
  from.on('data', (chunk) => {
    if (!to.write(chunk)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.once('end', () => {
    endSoon(to);
    endSoon(from);
  });
  from.resume();
}

/** Lets what is written leave, as long as it moves. */
function endSoon(socket: Socket): void {
  if (socket.destroyed) return;
  socket.setTimeout(lastWriteMs, () => socket.destroy());
  socket.destroySoon();
}
