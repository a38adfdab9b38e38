import type { Exchange } from '../exchange.ts';

/** The last three bytes, as a number, where a stream begins: between two events. */
const fresh = 0x0a0a;

/** True for an answer of server-sent events that has no end of its own. */
export function isEventStream(rawHeaders: readonly string[]): boolean {
  let events = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]?.toLowerCase();
    if (name === 'content-length') return false;
    if (name === 'content-type') events = /^text\/event-stream\b/i.test(rawHeaders[i + 1] ?? '');
  }
  return events;
}

/**
 * A stream of server-sent events on its way to a browser, which connects anew by itself where it
 * ends. It may end between two events (WHATWG HTML, section 9.2.6): behind an empty line.
 */
export class EventStream {
  readonly #finish: () => void;
  /** False where the events are compressed: then every piece counts as whole, as it was flushed. */
  readonly #legible: boolean;
  #tail = fresh;
  #ending: NodeJS.Timeout | undefined;
  /** True once nothing more of it may go out. */
  over = false;

  /** @param finish ends the answer as if the sandbox had */
  constructor(rawHeaders: readonly string[], finish: () => void) {
    this.#legible = !rawHeaders.some((name, i) => i % 2 === 0 && /^content-encoding$/i.test(name));
    this.#finish = finish;
  }

  /** Gives what may go out of a piece of the stream; where `over` is set then, it was the last. */
  take(chunk: Buffer): Buffer {
    if (!this.#legible) return chunk;
    if (this.#ending === undefined) {
      for (let i = Math.max(0, chunk.length - 3); i < chunk.length; i++) this.#push(chunk[i] ?? 0);
      return chunk;
    }
    for (let i = 0; i < chunk.length; i++) {
      this.#push(chunk[i] ?? 0);
      if (!this.#atBoundary()) continue;
      this.over = true;
      return chunk.subarray(0, i + 1);
    }
    return chunk;
  }

  /**
   * Ends the stream behind the event that is under way, at once where none is.
   *
   * @param withinMs ends it anyway after this time; browsers drop half an event
   */
  end(withinMs: number): void {
    if (this.#legible && !this.#atBoundary()) this.#ending ??= setTimeout(this.#finish, withinMs);
    else this.#finish();
  }

  /** Has the stream live as long as its exchange, and that last as a stream. */
  follow(exchange: Exchange): void {
    exchange.eventStream = true;
    exchange.noteUse = undefined; // It flows to a tab that everybody has forgotten, too.
    exchange.whenDraining((withinMs) => this.end(withinMs));
    exchange.whenOver(() => this.stop());
  }

  /** To be called when the answer is over, however that came about. */
  stop(): void {
    this.over = true;
    clearTimeout(this.#ending);
  }

  #push(byte: number): void {
    this.#tail = ((this.#tail << 8) | byte) & 0xffffff;
  }

  /** Two ends of lines in a row; each may be LF, CR or both. */
  #atBoundary(): boolean {
    const two = this.#tail & 0xffff;
    return two === 0x0a0a || two === 0x0d0d || this.#tail === 0x0a0d0a;
  }
}
