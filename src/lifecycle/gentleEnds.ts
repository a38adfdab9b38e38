import type { GentleEnd } from '../exchange.ts';

/**
 * The ends of what would last, WebSockets and event streams, kept until the process stops. Then
 * they come one after the other over a span of time: whoever is ended connects anew at once, and a
 * thousand must not do so together.
 */
export class GentleEnds {
  readonly #waiting = new Set<GentleEnd>();
  #begun = false;
  /** The span's end, the last moment of all, and the next one's turn: by `performance.now()`. */
  #until = 0;
  #deadline = 0;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @returns forgets it */
  add(end: GentleEnd): () => void {
    this.#waiting.add(end);
    if (this.#begun) this.#wait();
    return () => this.#waiting.delete(end);
  }

  /**
   * Begins; what is added from now on gets a place in what is left of the span.
   *
   * @param withinMs after this time nothing can end gently any more
   */
  begin(spreadMs: number, withinMs: number): void {
    const now = performance.now();
    this.#begun = true;
    this.#next = now;
    this.#until = now + spreadMs;
    this.#deadline = now + withinMs;
    this.#step();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #wait(): void {
    if (this.#timer || this.#waiting.size === 0) return;
    const ms = Math.max(0, this.#next - performance.now());
    this.#timer = setTimeout(() => this.#step(), ms);
  }

  #step(): void {
    this.#timer = undefined;
    for (const end of this.#waiting) {
      const now = performance.now();
      if (this.#next > now) break;
      this.#waiting.delete(end);
      // The next has its turn where all that are left divide the time that is left evenly.
      this.#next = Math.max(this.#next, now - 1);
      this.#next += Math.max(0, this.#until - this.#next) / (this.#waiting.size + 1);
      end(Math.max(0, this.#deadline - now));
    }
    this.#wait();
  }
}
