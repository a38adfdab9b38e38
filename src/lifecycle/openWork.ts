import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Everything that is under way. Node's server forgets a socket once it is upgraded, so the proxy
 * keeps its own account of what must end before the process may.
 */
export class OpenWork {
  readonly #connections = new Set<Socket>();
  readonly #webSockets = new Set<Socket>();
  readonly #answers = new Set<ServerResponse>();
  #whenIdle: (() => void) | undefined;
  #draining = false;

  addConnection(socket: Socket): void {
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
  }

  addWebSocket(socket: Socket): void {
    this.#webSockets.add(socket);
    socket.once('close', () => {
      this.#webSockets.delete(socket);
      this.#checkIdle();
    });
  }

  addRequest(res: ServerResponse): void {
    this.#answers.add(res);
    if (this.#draining) res.shouldKeepAlive = false;
    res.once('close', () => {
      this.#answers.delete(res);
      this.#checkIdle();
    });
  }

  counts(): { openRequests: number; openWebSockets: number; openConnections: number } {
    return {
      openRequests: this.#answers.size,
      openWebSockets: this.#webSockets.size,
      openConnections: this.#connections.size,
    };
  }

  /**
   * Has every answer from now on say that its connection closes.
   *
   * @returns resolves as soon as no request and no WebSocket is open
   */
  drain(): Promise<void> {
    this.#draining = true;
    for (const res of this.#answers) res.shouldKeepAlive = false;
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
      this.#checkIdle();
    });
  }

  /** Ends every connection at once, upgraded ones too. */
  destroyAll(): void {
    for (const socket of this.#connections) socket.destroy();
  }

  #checkIdle(): void {
    if (this.#answers.size === 0 && this.#webSockets.size === 0) this.#whenIdle?.();
  }
}
