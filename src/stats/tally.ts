import { Histogram } from './histogram.ts';

/** Codes of our own errors and statuses of apps: more kinds than this are told together. */
const mostCodes = 40;
const otherCodes = 'other';

/** The plain counts of a tally. */
export const counts = [
  'requests',
  'failed',
  'hits',
  'misses',
  'apiFailures',
  'limited',
  'refused',
  'openSockets',
] as const;

/** What happened in a span of time. */
export class Tally implements Record<(typeof counts)[number], number> {
  /** Finished requests; of WebSockets and event streams those that were refused, or cut short. */
  requests = 0;
  /** Of these, the ones that ended in a status of 500 or more, or cut short. */
  failed = 0;
  hits = 0;
  misses = 0;
  /** Of all calls to Daytona, calls that failed, or that Daytona refused. */
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

  countCodes(all: Iterable<readonly [code: string, times: number]>): void {
    for (const [code, times] of all) this.countCode(code, times);
  }

  /** Adds what happened in the span before or behind this one; of what was open the most counts. */
  add(other: Tally): void {
    const { openSockets } = this;
    this.join(other);
    this.openSockets = Math.max(openSockets, other.openSockets);
  }

  /** Adds what happened in the same span elsewhere. */
  join(other: Tally): void {
    for (const count of counts) this[count] += other[count];
    this.latency.add(other.latency);
    this.apiLatency.add(other.apiLatency);
    this.countCodes(other.codes);
  }

  clear(): void {
    for (const count of counts) this[count] = 0;
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
