import type { IncomingMessage } from 'node:http';
import { type Exchange, isRead, pathOf } from '../exchange.ts';
import { isUnattended } from './wake/patience.ts';

/**
 * What keeps a sandbox from its automatic stop: bytes that a visitor sends or waits for, open
 * connections, or whatever Daytona's edge takes for use.
 */
export type ActivityMode = 'traffic' | 'connection' | 'edge';

/** Daytona needs to hear no more often, in ms. */
const quietMs = 45_000;
const lookMs = 15_000;

export interface ActivityParts {
  readonly mode: ActivityMode;
  /** Whether a request may ask not to count, as Daytona's own proxy lets it. */
  readonly honoursSkip: boolean;
  readonly report: (sandboxId: string) => Promise<void>;
  /** Reserves the report among all instances; undefined where nobody can say. */
  readonly claim: (sandboxId: string, ms: number) => Promise<boolean | undefined>;
}

/**
 * Reports the use of sandboxes to Daytona, once in 45 s for each, so that a forgotten tab does not
 * keep one awake and a used terminal never stops under its user.
 */
export class Activity {
  readonly #parts: ActivityParts;
  /** When each was reported, on the clock that never jumps; only of the last 45 s. */
  readonly #reportedAt = new Map<string, number>();
  /** Exchanges that are use for as long as they last. */
  readonly #lasting = new Map<string, number>();
  readonly #look: NodeJS.Timeout;

  constructor(parts: ActivityParts) {
    this.#parts = parts;
    this.#look = setInterval(() => {
      const old = performance.now() - quietMs;
      for (const [id, at] of this.#reportedAt) if (at < old) this.#reportedAt.delete(id);
      for (const sandboxId of this.#lasting.keys()) this.#note(sandboxId);
    }, lookMs).unref();
  }

  /** True where Daytona's edge is told not to count by itself. */
  get ours(): boolean {
    return this.#parts.mode !== 'edge';
  }

  /**
   * Begins to watch an exchange.
   *
   * @returns to be called whenever bytes of the visitor's own move; undefined where they do not count
   */
  watch(exchange: Exchange, req: IncomingMessage, sandboxId: string): (() => void) | undefined {
    const { mode, honoursSkip } = this.#parts;
    if (mode === 'edge') return undefined;
    if (honoursSkip && req.headers['x-daytona-skip-last-activity-update'] === 'true') {
      return undefined;
    }
    if (mode === 'connection') {
      this.#hold(sandboxId, exchange);
      this.#note(sandboxId);
      return () => this.#note(sandboxId);
    }
    // What a tab does that everybody has forgotten: it reconnects, and reads what comes.
    if (isUnattended(req, pathOf(exchange))) return undefined;
    // A model may think for longer than a sandbox idles; somebody waits for what it will say.
    if (!isRead(exchange.method)) this.#hold(sandboxId, exchange);
    return () => this.#note(sandboxId);
  }

  close(): void {
    clearInterval(this.#look);
  }

  #hold(sandboxId: string, exchange: Exchange): void {
    this.#lasting.set(sandboxId, (this.#lasting.get(sandboxId) ?? 0) + 1);
    exchange.whenOver(() => {
      const left = (this.#lasting.get(sandboxId) ?? 1) - 1;
      if (left > 0) this.#lasting.set(sandboxId, left);
      else this.#lasting.delete(sandboxId);
    });
  }

  #note(sandboxId: string): void {
    const now = performance.now();
    const at = this.#reportedAt.get(sandboxId);
    if (at !== undefined && now - at < quietMs) return;
    this.#reportedAt.set(sandboxId, now);
    this.#report(sandboxId).catch(() => this.#lookSoon(sandboxId)); // The API's own line says so.
  }

  async #report(sandboxId: string): Promise<void> {
    if ((await this.#parts.claim(sandboxId, quietMs)) === false) this.#lookSoon(sandboxId);
    else await this.#parts.report(sandboxId);
  }

  /** Another instance has reported it, some time within the last 45 s; or nobody could. */
  #lookSoon(sandboxId: string): void {
    this.#reportedAt.set(sandboxId, performance.now() - quietMs + lookMs);
  }
}
