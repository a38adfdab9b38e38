import type { Request, Response } from 'express';
import { clientLeft } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import { type Events, sendEvents } from '../replies/events.ts';
import type { Report } from './report.ts';

const beatMs = 2_000;
/** Operators are few, but their tabs stay open. */
const mostListeners = 20;
/** Then the browser connects anew, and is asked anew who it is. */
const longestMs = 15 * 60_000;
/** Who has not read the rest by then reads nothing, and would keep its place for ever. */
const farewellMs = 3_000;

interface Listener {
  readonly events: Events;
  readonly res: Response;
}

/** The open pages. The report is made once for all of them, and only where there is one. */
export class Listeners {
  readonly #report: () => Promise<Report>;
  readonly #listeners = new Set<Listener>();
  #beat: NodeJS.Timeout | undefined;
  #busy = false;
  /** So many wait for a report. */
  #coming = 0;

  constructor(report: () => Promise<Report>) {
    this.#report = report;
  }

  get size(): number {
    return this.#listeners.size;
  }

  /** Open pages, and those that wait for a report. */
  get requests(): number {
    return this.size + this.#coming;
  }

  /** The report for somebody who asks for it, whose own request is not counted. */
  async report(): Promise<Report> {
    this.#coming += 1;
    return this.#report().finally(() => {
      this.#coming -= 1;
    });
  }

  /**
   * Sends the report, now and every two seconds, until the client leaves or the process stops.
   *
   * @param until when what lets the client in ends, in ms since the epoch
   * @throws ProxyError TOO_MANY_PAGES
   */
  async add(req: Request, res: Response, until: number): Promise<void> {
    if (this.requests >= mostListeners) {
      throw new ProxyError('TOO_MANY_PAGES', { retryAfter: 30 });
    }
    const report = await this.report();
    if (clientLeft(req, res)) return;
    const listener = { events: sendEvents(req, res), res };
    this.#listeners.add(listener);
    const { exchange } = req;
    const end = () => {
      res.end();
      clearTimeout(over);
      over = setTimeout(() => res.destroy(), farewellMs);
    };
    let over = setTimeout(end, Math.max(0, Math.min(longestMs, until - Date.now())));
    exchange.whenDraining(end); // The browser looks again, and finds another instance.
    exchange.whenOver(() => {
      clearTimeout(over);
      this.#listeners.delete(listener);
      if (this.size === 0) this.close();
    });
    this.#beat ??= setInterval(() => void this.#tell(), beatMs).unref();
    listener.events.send('report', JSON.stringify(report));
  }

  /** Tells all of them at once, where something was changed. */
  tell(): void {
    void this.#tell();
  }

  /** For when nobody looks any more; whoever comes later is told all the same. */
  close(): void {
    clearInterval(this.#beat);
    this.#beat = undefined;
  }

  async #tell(): Promise<void> {
    if (this.#busy || this.size === 0) return;
    this.#busy = true;
    try {
      const text = JSON.stringify(await this.#report());
      for (const { events, res } of this.#listeners) {
        // Who reads slowly gets the next one: no report is worth more than the one behind it.
        if (!res.writableNeedDrain) events.send('report', text);
      }
    } finally {
      this.#busy = false;
    }
  }
}
