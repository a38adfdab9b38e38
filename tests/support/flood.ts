import type { Socket } from 'node:net';

/** Without any progress for so long, a write is held back. */
const stallMs = 150;

/** Writes to a connection without end, as fast as the other side takes it. */
export class Flood {
  /** Bytes that have left for the kernel. */
  written = 0;
  readonly #socket: Socket;
  readonly #piece: Buffer;
  #moved = performance.now();

  constructor(socket: Socket, piece: Buffer) {
    this.#socket = socket;
    this.#piece = piece;
    this.#next();
  }

  /** Resolves when the other side takes no more. */
  async stalled(): Promise<void> {
    for (;;) {
      const left = this.#moved + stallMs - performance.now();
      if (left <= 0 || this.#socket.destroyed) return;
      await new Promise((done) => setTimeout(done, left));
    }
  }

  #next(): void {
    this.#socket.write(this.#piece, (error) => {
      if (error) return;
      this.written += this.#piece.length;
      this.#moved = performance.now();
      this.#next();
    });
  }
}
