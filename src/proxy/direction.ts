import type { Socket } from 'node:net';
import { FrameReader } from './frames.ts';

/** A peer whose computer vanished is found by TCP after this time and a few probes. */
const keepAliveMs = 30_000;
/** After one half has ended, the other may take this long over what is still to be written. */
export const lastWriteMs = 5_000;

/** One direction of a WebSocket: read only as fast as the other side takes it, and not changed. */
export class Direction {
  readonly from: Socket;
  readonly to: Socket;
  /** Where in its frames it is. */
  readonly frames = new FrameReader();
  readonly #onData: (() => void) | undefined;
  readonly #count: ((bytes: number) => void) | undefined;

  /**
   * @param onData called for each chunk that brings data, not only pings, pongs and closes
   * @param count told how many bytes each chunk has
   */
  constructor(from: Socket, to: Socket, onData?: () => void, count?: (bytes: number) => void) {
    this.from = from;
    this.to = to;
    this.#onData = onData;
    this.#count = count;
  }

  /** Carries bytes until either socket ends, which ends the other. */
  join(): void {
    const { from, to } = this;
    if (from.destroyed) to.destroy();
    from.setNoDelay(true);
    from.setKeepAlive(true, keepAliveMs);
    from.setTimeout(0);
    to.on('drain', () => from.resume());
    from.on('data', this.carry).once('end', this.end).once('close', this.#closed);
    from.resume();
  }

  /** Lets somebody else have what comes and say how it ends; what is written goes on leaving. */
  part(): void {
    this.from.off('data', this.carry).off('end', this.end).off('close', this.#closed);
  }

  readonly carry = (chunk: Buffer): void => {
    const data = this.frames.read(chunk);
    this.write(chunk);
    this.#count?.(chunk.length);
    if (data) this.#onData?.();
  };

  /** What comes behind the end is dropped: to write it would destroy what is still to leave. */
  write(chunk: Buffer): void {
    if (this.to.writableEnded) return;
    if (!this.to.write(chunk)) this.from.pause();
  }

  /** A WebSocket has no half that goes on alone. */
  readonly end = (): void => {
    endSoon(this.to);
    endSoon(this.from);
  };

  readonly #closed = (failed: boolean): void => {
    if (failed) this.to.destroy();
    else endSoon(this.to);
  };
}

/** Lets what is written leave, as long as it moves. */
function endSoon(socket: Socket): void {
  if (socket.destroyed) return;
  socket.setTimeout(lastWriteMs, () => socket.destroy());
  socket.destroySoon();
}
