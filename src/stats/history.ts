import type { ErrorCode } from '../replies/errors.ts';
import type { FinishedExchange, Observer } from '../telemetry/observer.ts';
import { Tally } from './tally.ts';

const slotMs = 10_000;
/** One hour. */
const slotCount = 360;
const slotsOfPoint = 6;
/** Minutes that are told of. */
export const pointCount = slotCount / slotsOfPoint;

type Observed = Pick<Observer, 'finished' | 'apiCall' | 'limited'>;

/**
 * The last hour in slots of ten seconds, in memory that is taken once and never grows. Its clock is
 * the one that never jumps, so that slots of several instances are told apart by their age alone.
 */
export class History implements Observed {
  readonly #slots = Array.from({ length: slotCount }, () => new Tally());
  readonly #now: () => number;
  readonly #startedAt: number;
  #latest = 0;

  /** @param now in ms; never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#startedAt = now();
  }

  finished(exchange: FinishedExchange): void {
    const { kind, code, status, sandbox, cache, firstByteMs, durationMs } = exchange;
    // What we say of ourselves, to load balancers and on this very page, is nobody's traffic.
    if (sandbox === undefined && code === undefined) return;
    const tally = this.#slot();
    const lasts = kind !== 'request';
    // Somebody ends every stream, and a deploy ends all at once, whose beginnings are hours ago.
    if (lasts && code === undefined && (status < 400 || status === 499)) return;
    tally.requests += 1;
    if (cache === 'hit') tally.hits += 1;
    else if (cache) tally.misses += 1;
    if (!lasts) tally.latency.record(firstByteMs ?? durationMs);
    if (code !== undefined && (status === 401 || status === 403)) tally.refused += 1;
    if (code === undefined && status < 400) return;
    // An answer that was cut short has the status with which it began.
    if (status >= 500 || status < 400) tally.failed += 1;
    tally.countCode(code ?? (status === 499 ? 'visitor left' : `app ${status}`));
  }

  apiCall(_call: string, outcome: 'ok' | ErrorCode, durationMs: number): void {
    const tally = this.#slot();
    tally.apiLatency.record(durationMs);
    // That there is no such sandbox is an answer.
    if (outcome !== 'ok' && outcome !== 'SANDBOX_NOT_FOUND') tally.apiFailures += 1;
  }

  limited(_limit: string, count: number): void {
    this.#slot().limited += count;
  }

  /** Keeps the most that was open in each slot. */
  noteOpen(sockets: number): void {
    const tally = this.#slot();
    tally.openSockets = Math.max(tally.openSockets, sockets);
  }

  /** The last hour, minute by minute, oldest first; the last one is not over. */
  points(): Tally[] {
    this.#slot();
    return Array.from({ length: pointCount }, (_, i) => {
      const point = new Tally();
      const first = this.#latest - (pointCount - i) * slotsOfPoint + 1;
      for (let slot = first; slot < first + slotsOfPoint; slot++) {
        const tally = slot < 0 ? undefined : this.#slots[slot % slotCount];
        if (tally) point.add(tally);
      }
      return point;
    });
  }

  /** How much of the last point there has been so far, in seconds. */
  lastSeconds(): number {
    const sinceStart = this.#now() - this.#startedAt;
    const whole = Math.min(slotsOfPoint - 1, Math.floor(sinceStart / slotMs));
    return (whole * slotMs + (sinceStart % slotMs)) / 1000;
  }

  /** The slot of this moment; those that have begun since the last time are emptied. */
  #slot(): Tally {
    const present = Math.floor((this.#now() - this.#startedAt) / slotMs);
    const begun = Math.min(present - this.#latest, slotCount);
    for (let i = 0; i < begun; i++) this.#slots[(present - i) % slotCount]?.clear();
    this.#latest = present;
    return this.#slots[present % slotCount] as Tally;
  }
}
