import { z } from 'zod';
import { Histogram, longestSparse } from './histogram.ts';
import { pointCount } from './history.ts';
import { Tally } from './tally.ts';

/** The most sandboxes that one instance tells of. */
export const mostSandboxes = 100;

const count = z.number().int().nonnegative();
const sparse = z.array(count).max(longestSparse);
const codes = z.array(z.tuple([z.string().max(60), count])).max(41);

/** A sandbox's port that is cached; times in whole seconds. */
const cached = z.object({
  key: z.string().max(200),
  age: count,
  remaining: count,
  open: z.number().int(),
  /** Since the last request; null where there was none that is remembered. */
  idle: count.nullable(),
});

const about = z.object({
  id: z.uuid(),
  name: z.string().max(200),
  version: z.string().max(50),
  /** In seconds. */
  uptime: count,
  draining: z.boolean(),
  /** How much of the last point there has been so far, in seconds. */
  seconds: z.number().nonnegative(),
  open: z.object({ requests: count, sockets: count, streams: count, connections: count }),
  /** How many sandboxes are cached; the table may hold fewer. */
  totalCached: count,
  sandboxes: z.array(cached).max(mostSandboxes),
  /** Errors of the last minute and of the last hour, by code. */
  minute: codes,
  hour: codes,
});

/** A point without its codes, in the order of `pack`. */
const packed = z.tuple([count, count, count, count, count, count, count, count, sparse, sparse]);

/** A summary as it stands in the shared store; its size is bounded by all of the above. */
export const sentSummary = about.extend({ points: z.array(packed).length(pointCount) });

export type Cached = z.infer<typeof cached>;
export type SentSummary = z.infer<typeof sentSummary>;

/** All that one instance tells of itself. */
export interface Summary extends z.infer<typeof about> {
  /** The last hour, minute by minute, oldest first. */
  readonly points: readonly Tally[];
}

export function sendable(summary: Summary): SentSummary {
  return { ...summary, points: summary.points.map(pack) };
}

export function received(sent: SentSummary): Summary {
  return { ...sent, points: sent.points.map(unpack) };
}

/** The codes of some points together. */
export function codesOf(points: readonly Tally[]): [string, number][] {
  const sum = new Tally();
  for (const point of points) sum.add(point);
  return [...sum.codes];
}

function pack(tally: Tally): z.infer<typeof packed> {
  return [
    tally.requests,
    tally.failed,
    tally.hits,
    tally.misses,
    tally.apiFailures,
    tally.limited,
    tally.refused,
    tally.openSockets,
    tally.latency.toSparse(),
    tally.apiLatency.toSparse(),
  ];
}

function unpack(sent: z.infer<typeof packed>): Tally {
  const tally = new Tally();
  const [requests, failed, hits, misses, apiFailures, limited, refused, openSockets] = sent;
  Object.assign(tally, {
    requests,
    failed,
    hits,
    misses,
    apiFailures,
    limited,
    refused,
    openSockets,
  });
  tally.latency.add(Histogram.fromSparse(sent[8]));
  tally.apiLatency.add(Histogram.fromSparse(sent[9]));
  return tally;
}
