import type { Socket } from 'node:net';

/**
 * Everything that is under way. Node's server forgets a socket once it is upgraded, so the proxy
 * keeps its own account of what must end before the process may.
 */
export class OpenWork {
  readonly #connections = new Set<Socket>();
  readonly #webSockets = new Set<Socket>();
  #requests = 0;
  #whenIdle: (() => void) | undefined;
  draining = false;

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

  begin(): void {
    this.#requests += 1;
  }

  end(): void {
    this.#requests -= 1;
    this.#checkIdle();
  }

  counts(): { openRequests: number; openWebSockets: number; openConnections: number } {
    return {
      openRequests: this.#requests,
      openWebSockets: this.#webSockets.size,
      openConnections: this.#connections.size,
    };
  }

  /** Resolves as soon as no request and no WebSocket is open. */
  idle(): Promise<void> {
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
    if (this.#requests === 0 && this.#webSockets.size === 0) this.#whenIdle?.();
  }
}
