import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A server on a loopback port, which it keeps when it is closed and opened again. */
export class Listener {
  readonly #make: () => Server;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  /** @param make makes the server of one opening */
  constructor(make: () => Server) {
    this.#make = make;
  }

  get port(): number {
    return this.#port;
  }

  /** Listens, the first time on any free port. Does nothing where it does already. */
  async open(): Promise<void> {
    if (this.#server) return;
    const server = this.#make();
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Ends every socket, upgraded ones too; who connects from now on is refused. */
  async close(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
