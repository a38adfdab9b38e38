/**
 * Guarantee: whoever guesses at sandboxes, from one place or from ten thousand, burns no more of
 * Daytona's patience than the budget, fills no memory, and slows nobody down.
 */
import { randomBytes } from 'node:crypto';
import http, { type Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Caller } from '../support/caller.ts';
import { printFigures, quantile } from '../support/figures.ts';
import type { Reading } from '../support/probe.ts';
import { closeServer, domain, listen } from '../support/rig.ts';
import { WatchedProxy } from '../support/watchedProxy.ts';

const guesses = 100_000;
const networks = 10_000;
const lines = 16;
const missesPerClient = 100;
const missesInAll = 1_000;
const windowMs = 30_000;
const mostGrowth = 50_000_000;
/** A guess may slow a visitor of a known sandbox by no more than another request does. */
const slower = 1.2;
const turns = 100;
const visitsATurn = 200;
const perSecond = 500;
/** Of what is due to be sent beside the visits; a machine that is too busy for it measures nothing. */
const leastAnswered = 0.5;

let app: Server;
let proxy: WatchedProxy;

beforeAll(async () => {
  app = http.createServer((_req, res) => res.end('ok'));
  proxy = await WatchedProxy.start(await listen(app), {
    TRUSTED_PROXIES: '127.0.0.0/8',
    RATE_LIMIT_MAX: '1000000000', // It counts, and refuses nobody.
    RATE_LIMIT_WINDOW_MS: String(windowMs),
    LOOKUP_MISSES_PER_CLIENT: String(missesPerClient),
    LOOKUP_MISSES: String(missesInAll),
  });
});
afterAll(async () => {
  await proxy.close();
  await closeServer(app);
});

const guess = () => `3000-${randomBytes(16).toString('hex')}.${domain}`;
const visitor = '203.0.113.9';
const oneClient = () => '203.0.113.7';
const anyNetwork = () => {
  const n = Math.floor(Math.random() * networks);
  return `198.${18 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
};

test('100 000 random ids from one client, then from 10 000 networks', async () => {
  // Warm, like a proxy that has served and refused a while.
  await flood(30_000, () => proxy.host(), oneClient);
  await flood(30_000, guess, anyNetwork);
  const before = await settled();
  for (const [where, client, budget] of [
    ['one client', oneClient, missesPerClient],
    ['10 000 networks', anyNetwork, missesInAll],
  ] as const) {
    const callsBefore = proxy.daytona.calls.length;
    const begun = performance.now();
    const statuses = await flood(guesses, guess, client);
    const took = performance.now() - begun;
    const calls = proxy.daytona.calls.length - callsBefore;
    const windows = Math.ceil(took / windowMs) + 1;
    const after = await settled(before.rss + mostGrowth);
    const growth = after.rss - before.rss;
    printFigures(`100 000 guesses from ${where}`, {
      'API calls': calls,
      budget: budget * windows,
      seconds: Math.round(took / 1000),
      'growth, MB': (growth / 1e6).toFixed(1),
      'heap growth, MB': ((after.heapUsed - before.heapUsed) / 1e6).toFixed(1),
    });
    // Found to be missing, or over one of the budgets, of which the warm-up took its part.
    for (const status of Object.keys(statuses)) expect(['404', '429', '503']).toContain(status);
    expect(calls).toBeGreaterThan(0);
    expect(calls).toBeLessThanOrEqual(budget * windows);
    expect(growth).toBeLessThan(mostGrowth);
  }
}, 300_000);

/**
 * Reads the process when it has given back what it gives back. V8 takes its time over that: where it
 * has more than is bearable, it gets up to 20 s.
 */
async function settled(bearable = Number.POSITIVE_INFINITY): Promise<Reading> {
  let least = await proxy.read();
  for (let i = 0; i < 8 || (least.rss > bearable && i < 80); i++) {
    await wait(250);
    const reading = await proxy.read();
    if (reading.rss < least.rss) least = reading;
  }
  return least;
}

test('a known sandbox is as quick beside guesses as beside as many requests', async () => {
  const load = { requests: new Beside(() => proxy.host()), guesses: new Beside(guess) };
  // Of short turns the median one, so that what else the machine does decides for neither.
  for (let turn = 0; turn < turns; turn++) {
    await load.requests.turn();
    await load.guesses.turn();
  }
  const [requests, guesses] = [load.requests.p99(), load.guesses.p99()];
  printFigures(`p99 of a known sandbox beside ${perSecond} guesses a second`, {
    'beside requests, ms': requests.toFixed(1),
    'beside guesses, ms': guesses.toFixed(1),
    ratio: (guesses / requests).toFixed(2),
    'answered of what was due': [load.requests, load.guesses].map((one) => one.answered.toFixed(2)),
    statuses: [load.requests, load.guesses].map((one) => [...one.statuses].join(' ')),
  });
  for (const { answered } of Object.values(load)) expect(answered).toBeGreaterThan(leastAnswered);
  expect([...load.requests.statuses]).toEqual(['200']);
  expect(load.guesses.statuses.has('200')).toBe(false);
  expect(guesses / requests).toBeLessThan(slower);
});

/** Visits of the known sandbox, and what comes to the proxy beside them. */
class Beside {
  readonly statuses = new Set<string>();
  readonly #host: () => string;
  readonly #p99s: number[] = [];
  #answers = 0;
  #due = 0;

  constructor(host: () => string) {
    this.#host = host;
  }

  /** The median of all turns, in ms. */
  p99(): number {
    return quantile(this.#p99s, 0.5);
  }

  /** The part of the requests that should have been sent which was, and had its answer. */
  get answered(): number {
    return this.#answers / this.#due;
  }

  async turn(): Promise<void> {
    const callers = await connect(50);
    const stop = { now: false };
    const flood = this.#flood(callers, stop);
    const took = await visits(visitsATurn);
    stop.now = true;
    await flood;
    for (const caller of callers) caller.close();
    this.#p99s.push(quantile(took, 0.99));
  }

  /** Sends what is due by now; what finds no connection free is left out. */
  async #flood(callers: readonly Caller[], stop: { readonly now: boolean }): Promise<void> {
    const everyMs = 1_000 / perSecond;
    const begun = performance.now();
    const under: Promise<void>[] = [];
    for (let next = begun; !stop.now; ) {
      for (const now = performance.now(); next <= now; next += everyMs) {
        const caller = callers.find(({ busy }) => !busy);
        if (caller) under.push(this.#ask(caller));
      }
      await wait(Math.max(0, next - performance.now()));
    }
    this.#due += (performance.now() - begun) / everyMs;
    await Promise.all(under);
  }

  async #ask(caller: Caller): Promise<void> {
    this.statuses.add(await caller.ask(this.#host(), anyNetwork()));
    this.#answers += 1;
  }
}

/** Sends requests on a few connections, each as soon as the one before it is answered. */
async function flood(
  count: number,
  host: () => string,
  client: () => string,
): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {};
  let left = count;
  const callers = await connect(lines);
  await Promise.all(
    callers.map(async (caller) => {
      while (left-- > 0) {
        const status = await caller.ask(host(), client());
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
      caller.close();
    }),
  );
  return statuses;
}

/** @returns how long each visit of the known sandbox took, in ms */
async function visits(count: number): Promise<number[]> {
  const times: number[] = [];
  const caller = await Caller.connect(proxy.port);
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await caller.ask(proxy.host(), visitor);
    times.push(performance.now() - start);
  }
  caller.close();
  return times;
}

const connect = (count: number) =>
  Promise.all(Array.from({ length: count }, () => Caller.connect(proxy.port)));
