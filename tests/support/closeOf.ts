import type { Socket } from 'node:net';

/** Resolves once a connection is closed, however it ends; what still comes is not kept. */
export function closeOf(socket: Socket): Promise<unknown> {
  socket.on('error', () => {});
  return new Promise((resolve) => {
    if (socket.closed) resolve(undefined);
    else socket.resume().once('close', resolve);
  });
}
