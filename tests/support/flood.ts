import type { Socket } from 'node:net';

/** Without any progress for so long, a write is held back. */
const stallMs = 150;

/** Writes to a connection without end or up to `most` bytes, as fast as the other side takes it. */
export class Flood {
  /** Bytes that have left for the kernel. */
  written = 0;
  readonly #socket: Socket;
  readonly #piece: Buffer;
  readonly #most: number;
  #moved = performance.now();

  constructor(socket: Socket, piece: Buffer, most = Number.POSITIVE_INFINITY) {
    this.#socket = socket;
    this.#piece = piece;
    this.#most = most;
    this.#next();
  }

  /** Resolves when the other side takes no more, or has taken all. */
  async stalled(): Promise<void> {
    for (;;) {
      const left = this.#moved + stallMs - performance.now();
      if (left <= 0 || this.#socket.destroyed) return;
      await new Promise((done) => setTimeout(done, left));
    }
  }

  #next(): void {
    // Where the other side has ended the connection, Node ends ours; a write behind that would throw.
    if (!this.#socket.writable) return;
    this.#socket.write(this.#piece, (error) => {
      if (error) return;
      this.written += this.#piece.length;
      this.#moved = performance.now();
      if (this.written < this.#most) this.#next();
    });
  }
}
