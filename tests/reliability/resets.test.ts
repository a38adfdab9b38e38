/**
 * Guarantee: a client may leave at any moment of an exchange. The sandbox's side of it is closed
 * within a second, and nothing of it is kept: no socket, listener, timer or memory.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Point, points, script } from '../support/abandonedExchange.ts';
import type { Reading } from '../support/probe.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { type ScriptedUpstream, startScriptedUpstream } from '../support/scriptedUpstream.ts';
import { type Holdings, WatchedProxy } from '../support/watchedProxy.ts';

const times = 200;
/** A sandbox's connection may be held for so long after the client has left, in ms. */
const soon = 1_000;
/** So many at the same time. */
const together = 20;
/** What all of it may leave on the heap: 8 800 exchanges, so less than 250 bytes for each. */
const mostGrowth = 2_000_000;
/** What the bounded cache keeps of a port that was looked up on the way. */
const linkBytes = 1_000;

let sandbox: ScriptedUpstream;
let proxy: WatchedProxy;
let before: { readonly holdings: Holdings; readonly reading: Reading; readonly lookups: number };
let count = 0;
let lookups = 10_000;
const lookedUp = new Map<string, () => void>();

beforeAll(async () => {
  sandbox = await startScriptedUpstream({
    answer: (path) => script[path.split('/')[1] ?? ''] ?? [],
  });
  proxy = await WatchedProxy.start(sandbox.port);
  void tellLookups();
});
afterAll(async () => {
  await proxy?.close();
  await sandbox?.close();
});

type Way = 'by a reset' | 'by closing';
const ways: readonly Way[] = ['by a reset', 'by closing'];

test('a few at each point, for what is made once and then kept', async () => {
  for (const point of points) for (const how of ways) await leaveAt(point, how, 2 * together);
  dropIdle();
  expect(await proxy.problems()).toEqual([]);
  before = { holdings: await proxy.quiet(), reading: await proxy.read(), lookups };
});

describe.each(ways)('a client that leaves %s', (how) => {
  test.each(points.map((point) => [point.name, point] as const))('%s', async (_name, point) => {
    const held = await proxy.holdings();
    const slowest = await leaveAt(point, how, times);
    expect(slowest).toBeLessThan(soon);
    dropIdle();
    expect(await proxy.excess(held)).toEqual({});
    expect(await proxy.problems()).toEqual([]);
  });
});

test('the sandbox never hears of an exchange whose client left before it was asked', () => {
  const paths = sandbox.received.map(({ path }) => path);
  expect(paths.filter((path) => path.startsWith('/never/') || path === '/behind')).toEqual([]);
});

test('after all of them the process holds what it held before', async () => {
  expect(await proxy.excess(before.holdings)).toEqual({});
  const after = await proxy.read();
  const links = linkBytes * (lookups - before.lookups);
  expect(after.heapUsed - before.reading.heapUsed - links).toBeLessThan(mostGrowth);
  expect(after.external - before.reading.external).toBeLessThan(mostGrowth);
  expect(after.processListeners).toBe(before.reading.processListeners);
});

/** @returns how long after its client had left the slowest of them held the sandbox, in ms */
async function leaveAt(point: Point, how: Way, total: number): Promise<number> {
  let slowest = 0;
  proxy.daytona.faults.apiDelayMs = point.looksUp ? 20 : 0;
  const size = point.heavy ? together / 2 : together;
  for (let done = 0; done < total; done += size) {
    const batch = Array.from({ length: size }, () => leaveOnce(point, how));
    slowest = Math.max(slowest, ...(await Promise.all(batch)));
    if (slowest > soon) break;
  }
  return slowest;
}

async function leaveOnce(point: Point, how: Way): Promise<number> {
  count += 1;
  if (point.looksUp) lookups += 1;
  const port = point.looksUp ? lookups : 3000;
  const path = `/${point.answer || 'never'}/${count}`;
  const client = await RawConnection.open(proxy.port);
  const asked = new Promise<void>((done) => lookedUp.set(proxy.lookupPath(port), done));
  client.send(point.sends(path, proxy.host(port)));
  const scene = { client, path, sandbox, lookedUp: () => asked };
  const socket = await within(5_000, point.reach(scene), `did not come to: ${point.name}`);
  const closed = new Promise<void>((done) => {
    if (!socket || socket.closed) done();
    else socket.once('close', done);
  });
  const leftAt = performance.now();
  if (how === 'by a reset') client.socket.resetAndDestroy();
  else client.socket.destroy();
  // A sandbox that reads nothing would not see the end of its connection.
  socket?.resume();
  const late = new Promise<void>((done) => setTimeout(done, 2 * soon).unref());
  await Promise.race([closed, late]);
  return performance.now() - leftAt;
}

async function within<T>(ms: number, done: Promise<T>, otherwise: string): Promise<T> {
  let late: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_done, fail) => {
    late = setTimeout(() => fail(new Error(otherwise)), ms);
  });
  return Promise.race([done, over]).finally(() => clearTimeout(late));
}

/** Ends the connections that the proxy keeps for the next requests, from the sandbox's side. */
function dropIdle(): void {
  for (const { socket } of sandbox.received) socket.destroy();
}

async function tellLookups(): Promise<void> {
  const { calls, called } = proxy.daytona;
  for (let i = 0; ; i++) {
    await called(i + 1);
    lookedUp.get(calls[i]?.path ?? '')?.();
  }
}
