import { z } from 'zod';
import { Histogram, longestSparse } from './histogram.ts';
import { pointCount } from './history.ts';
import { counts, Tally } from './tally.ts';

/** The most sandboxes that one instance tells of. */
export const mostSandboxes = 100;

const count = z.number().int().nonnegative();
const number = '\\d{1,15}';
const numbers = `(?:${number}(?: ${number})*)?`;
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

/**
 * A point without its codes: its counts, and two sparse histograms. One text, because to look at each
 * number by itself takes far longer than to read it.
 */
const packed = z
  .string()
  .max(16 * (counts.length + 2 * longestSparse))
  .regex(new RegExp(`^${number}(?: ${number}){${counts.length - 1}};${numbers};${numbers}$`));

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
  for (const { codes } of points) sum.countCodes(codes);
  return [...sum.codes];
}

/**
 * Those with the most open connections first, and then those visited last. There may be a hundred
 * times as many as are wanted: only what may be among them is put in its place.
 */
export function busiest(all: readonly Cached[], most: number): Cached[] {
  const found: Cached[] = [];
  for (const one of all) {
    const last = found.length < most ? undefined : found.at(-1);
    if (last && order(one, last) > 0) continue;
    if (last) found.pop();
    const at = found.findLastIndex((other) => order(other, one) < 0) + 1;
    found.splice(at, 0, one);
  }
  return found;
}

function order(a: Cached, b: Cached): number {
  return b.open - a.open || idleOf(a) - idleOf(b) || (a.key < b.key ? -1 : 1);
}

function idleOf({ idle }: Cached): number {
  return idle ?? Number.MAX_SAFE_INTEGER;
}

function pack(tally: Tally): string {
  const told = counts.map((count) => tally[count]);
  return [told, tally.latency.toSparse(), tally.apiLatency.toSparse()]
    .map((numbers) => numbers.join(' '))
    .join(';');
}

function unpack(sent: string): Tally {
  const tally = new Tally();
  const [told = [], latency = [], apiLatency = []] = sent
    .split(';')
    .map((numbers) => numbers.split(' ').map(Number));
  counts.forEach((count, i) => {
    tally[count] = told[i] ?? 0;
  });
  tally.latency.add(Histogram.fromSparse(latency));
  tally.apiLatency.add(Histogram.fromSparse(apiLatency));
  return tally;
}
