import type { Socket } from 'node:net';

/** No WebSocket client sends before it is answered; a bound for those that do. */
const mostEarly = 65_536;

/**
 * Reads a client's socket while its upgrade is being decided: a socket that is not read does not
 * tell that its client has left.
 *
 * @param head what came together with the handshake
 * @returns ends the watch and gives all bytes that came behind the handshake; the socket is paused
 */
export function watchUpgrade(socket: Socket, head: Buffer): () => Buffer[] {
  const early = head.length > 0 ? [head] : [];
  let size = head.length;
  const take = (chunk: Buffer) => {
    early.push(chunk);
    size += chunk.length;
    if (size > mostEarly) socket.pause();
  };
  // Half a connection is no use to a WebSocket.
  const leave = () => socket.destroy();
  socket.on('data', take);
  socket.once('end', leave);
  return () => {
    socket.pause();
    socket.off('data', take);
    socket.off('end', leave);
    return early;
  };
}
