import { Histogram } from './histogram.ts';

/** Codes of our own errors and statuses of apps: more kinds than this are told together. */
const mostCodes = 40;
const otherCodes = 'other';

/** What happened in a span of time. */
export class Tally {
  /** Finished requests, and upgrades that were refused. */
  requests = 0;
  /** Of these, the ones that ended in a status of 400 or more, or cut short. */
  failed = 0;
  hits = 0;
  misses = 0;
  /** Of these, calls that failed, or that Daytona refused. */
  apiFailures = 0;
  /** Refused because of how many came: requests, connections, attempts to get in. */
  limited = 0;
  /** Refused because of who came. */
  refused = 0;
  /** The most that was open at any moment that was looked at. */
  openSockets = 0;
  readonly latency = new Histogram();
  readonly apiLatency = new Histogram();
  readonly codes = new Map<string, number>();

  countCode(code: string, times = 1): void {
    const kind = this.codes.has(code) || this.codes.size < mostCodes ? code : otherCodes;
    this.codes.set(kind, (this.codes.get(kind) ?? 0) + times);
  }

  /** Adds what happened in the span before or behind this one; of what was open the most counts. */
  add(other: Tally): void {
    const { openSockets } = this;
    this.join(other);
    this.openSockets = Math.max(openSockets, other.openSockets);
  }

  /** Adds what happened in the same span elsewhere. */
  join(other: Tally): void {
    this.requests += other.requests;
    this.failed += other.failed;
    this.hits += other.hits;
    this.misses += other.misses;
    this.apiFailures += other.apiFailures;
    this.limited += other.limited;
    this.refused += other.refused;
    this.openSockets += other.openSockets;
    this.latency.add(other.latency);
    this.apiLatency.add(other.apiLatency);
    for (const [code, times] of other.codes) this.countCode(code, times);
  }

  clear(): void {
    this.requests = 0;
    this.failed = 0;
    this.hits = 0;
    this.misses = 0;
    this.apiFailures = 0;
    this.limited = 0;
    this.refused = 0;
    this.openSockets = 0;
    this.latency.clear();
    this.apiLatency.clear();
    this.codes.clear();
  }

  /** Every call to Daytona has a latency. */
  get apiCalls(): number {
    return this.apiLatency.count;
  }

  /** The part of lookups that Daytona was not asked for; undefined where there were none. */
  get hitRate(): number | undefined {
    const all = this.hits + this.misses;
    return all === 0 ? undefined : this.hits / all;
  }
}
