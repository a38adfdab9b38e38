import { busiest, type Cached, type Summary } from './summary.ts';
import { Tally } from './tally.ts';
import { sayAge, sayCount, sayMs, sayNumber, sayPart } from './words.ts';

/** A row of a table: what it is about, and the text of its cells. */
export interface Row {
  readonly key: string;
  readonly cells: readonly string[];
}

/** A value for each minute of the last hour, oldest first; null where there is none. */
export type Line = readonly (number | null)[];

/**
 * What the page shows. All text is made here, so that the page itself, its stream of events and a
 * browser without JavaScript say the same.
 */
export interface Report {
  readonly texts: Readonly<Record<string, string>>;
  readonly plots: Readonly<Record<string, readonly Line[]>>;
  readonly errors: readonly Row[];
  readonly sandboxes: readonly Row[];
  readonly instances: readonly Row[];
}

/** The most rows of the table of sandboxes, over all instances. */
const mostRows = 200;
const minute = 60;

/**
 * Puts together what all instances tell.
 *
 * @param summaries at least one; this instance's first
 * @param store which one serves: `memory`, `redis` …
 */
export function reportOf(summaries: readonly Summary[], store: string): Report {
  const points = joined(summaries);
  const last = points.at(-1) ?? new Tally();
  const hour = new Tally();
  for (const point of points) hour.add(point);
  // A rate is that of the span there has been: of an instance that has begun just now, less.
  const rateOf = (of: (tally: Tally) => number) =>
    sum(summaries, ({ points, seconds }) => {
      const tally = points.at(-1);
      return tally && seconds > 0 ? of(tally) / Math.max(seconds, 1) : 0;
    });
  const lineOf = (of: (tally: Tally) => number | undefined): Line =>
    points.map((tally) => rounded(of(tally)));
  const perSecond = lineOf(({ requests }) => requests / minute);
  const now = rateOf(({ requests }) => requests);
  const plots = {
    requests: [[...perSecond.slice(0, -1), rounded(now)]],
    latency: [0.5, 0.95, 0.99].map((part) => lineOf(({ latency }) => latency.quantile(part))),
    failed: [lineOf(({ failed }) => failed)],
    hitRate: [lineOf(({ hitRate }) => hitRate && hitRate * 100)],
    open: [lineOf(({ openSockets }) => openSockets)],
    api: [lineOf(({ apiCalls }) => apiCalls)],
    limited: [lineOf(({ limited }) => limited), lineOf(({ refused }) => refused)],
  };
  const { total, rows: sandboxes } = sandboxRows(summaries);
  return {
    texts: {
      rate: sayNumber(now),
      requestsHour: sayCount(hour.requests),
      p50: sayMs(last.latency.quantile(0.5)),
      p95: sayMs(last.latency.quantile(0.95)),
      p99: sayMs(last.latency.quantile(0.99)),
      p95Hour: sayMs(hour.latency.quantile(0.95)),
      failed: sayCount(last.failed),
      failedHour: sayCount(hour.failed),
      failedPart: sayPart(hour.requests === 0 ? undefined : hour.failed / hour.requests),
      hitRate: sayPart(last.hitRate ?? hour.hitRate),
      hitsHour: sayCount(hour.hits),
      missesHour: sayCount(hour.misses),
      sockets: sayCount(sum(summaries, ({ open }) => open.sockets)),
      streams: sayCount(sum(summaries, ({ open }) => open.streams)),
      openRequests: sayCount(sum(summaries, ({ open }) => open.requests)),
      connections: sayCount(sum(summaries, ({ open }) => open.connections)),
      apiCalls: sayCount(last.apiCalls),
      apiP50: sayMs((last.apiCalls > 0 ? last : hour).apiLatency.quantile(0.5)),
      apiP95: sayMs((last.apiCalls > 0 ? last : hour).apiLatency.quantile(0.95)),
      apiFailuresHour: sayCount(hour.apiFailures),
      limited: sayCount(last.limited),
      limitedHour: sayCount(hour.limited),
      refused: sayCount(last.refused),
      refusedHour: sayCount(hour.refused),
      totalCached: sayCount(total),
      shown: sandboxes.length < total ? `${sayCount(sandboxes.length)} of them are shown.` : '',
      instanceCount: sayCount(summaries.length),
      store,
      uptime: sayAge(summaries[0]?.uptime ?? null),
      version: summaries[0]?.version ?? '',
      requestsTop: sayNumber(most(plots.requests)),
      latencyTop: sayMs(most(plots.latency)),
      failedTop: sayCount(most(plots.failed)),
      hitRateTop: '100 %',
      openTop: sayCount(most(plots.open)),
      apiTop: sayCount(most(plots.api)),
      limitedTop: sayCount(most(plots.limited)),
    },
    plots,
    errors: errorRows(summaries),
    sandboxes,
    instances: summaries.map(instanceRow),
  };
}

/** The points of all instances; the last ones happened at the same time. */
function joined(summaries: readonly Summary[]): Tally[] {
  const [first, ...others] = summaries;
  return (first?.points ?? []).map((own, i) => {
    const point = new Tally();
    point.join(own);
    for (const { points } of others) {
      const other = points[i];
      if (other) point.join(other);
    }
    return point;
  });
}

function errorRows(summaries: readonly Summary[]): Row[] {
  const [minutes, hours] = [new Tally(), new Tally()];
  for (const { minute, hour } of summaries) {
    minutes.countCodes(minute);
    hours.countCodes(hour);
  }
  return [...hours.codes]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([code, times]) => ({
      key: code,
      cells: [code, sayCount(minutes.codes.get(code) ?? 0), sayCount(times)],
    }));
}

/** What several instances cache stands there once: all that is open, and what was heard last. */
function sandboxRows(summaries: readonly Summary[]): { total: number; rows: Row[] } {
  const found = new Map<string, Cached>();
  for (const one of summaries.flatMap(({ sandboxes }) => sandboxes)) {
    const known = found.get(one.key);
    found.set(one.key, known ? both(known, one) : one);
  }
  const untold = sum(summaries, ({ totalCached, sandboxes }) => totalCached - sandboxes.length);
  const rows = busiest([...found.values()], mostRows).map((one) => ({
    key: one.key,
    cells: [
      one.key,
      sayAge(one.age),
      sayAge(one.remaining),
      sayCount(one.open),
      one.idle === null ? '–' : `${sayAge(one.idle)} ago`,
    ],
  }));
  return { total: found.size + untold, rows };
}

function both(a: Cached, b: Cached): Cached {
  const idle = a.idle === null || b.idle === null ? (a.idle ?? b.idle) : Math.min(a.idle, b.idle);
  return {
    key: a.key,
    age: Math.min(a.age, b.age),
    remaining: Math.max(a.remaining, b.remaining),
    open: a.open + b.open,
    idle,
  };
}

function instanceRow(summary: Summary, i: number): Row {
  const { id, name, version, uptime, seconds, open, points, totalCached, draining } = summary;
  const last = points.at(-1) ?? new Tally();
  return {
    key: id,
    cells: [
      `${name}${i === 0 ? ' (this one)' : ''}${draining ? ', draining' : ''}`,
      sayNumber(last.requests / Math.max(seconds, 1)),
      sayMs(last.latency.quantile(0.95)),
      sayCount(last.failed),
      sayCount(open.sockets),
      sayCount(totalCached),
      sayAge(uptime),
      version,
    ],
  };
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

/** The scale of a plot. */
function most(lines: readonly Line[]): number {
  return Math.max(0, ...lines.flat().map((value) => value ?? 0));
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toPrecision(4));
}
