import type { Socket } from 'node:net';
import type { EgressTarget } from './target.ts';

/** Why a passage was ended by us. */
export type Cut = 'bytes' | 'revoked' | 'stalled';

/** One admitted sandbox's connection to one host, from the dial to its end. */
export class Passage {
  readonly sandbox: string;
  readonly target: EgressTarget;
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #begun = performance.now();
  #charged = 0;
  #up = 0;
  #upMovedAt = this.#begun;
  #cut: Cut | undefined;

  constructor(sandbox: string, target: EgressTarget, client: Socket, upstream: Socket) {
    this.sandbox = sandbox;
    this.target = target;
    this.#client = client;
    this.#upstream = upstream;
  }

  /** @returns the bytes that have moved since the last call */
  takeMoved(): number {
    const { bytesUp, bytesDown } = this;
    const moved = bytesUp + bytesDown - this.#charged;
    this.#charged += moved;
    if (bytesUp > this.#up) {
      this.#up = bytesUp;
      this.#upMovedAt = performance.now();
    }
    return moved;
  }

  /**
   * So long, in ms, the host has read nothing of what waits for it. Meanwhile the sandbox is not read
   * either, so that nobody sees whether it is there still.
   */
  stalledMs(): number {
    return this.#upstream.writableNeedDrain ? performance.now() - this.#upMovedAt : 0;
  }

  /** Those that the host was sent. */
  get bytesUp(): number {
    return this.#upstream.bytesWritten;
  }

  /** Those that the host has sent. */
  get bytesDown(): number {
    return this.#upstream.bytesRead;
  }

  cut(why: Cut): void {
    this.#cut ??= why;
    this.#client.destroy();
    this.#upstream.destroy();
  }

  /** What its line in the log says; of a plain request neither path nor query. */
  facts() {
    const { host, port, plain } = this.target;
    return {
      sandbox: this.sandbox,
      kind: plain ? 'http' : 'tunnel',
      host,
      port,
      bytesUp: this.bytesUp,
      bytesDown: this.bytesDown,
      durationMs: Math.round(performance.now() - this.#begun),
      cut: this.#cut,
    };
  }
}
