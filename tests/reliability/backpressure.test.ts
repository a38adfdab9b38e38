/**
 * Guarantee: what one side does not read, the proxy does not pile up. It stops reading the other
 * side before it holds 2 MB for a connection, and goes on as soon as there is room again.
 */
import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { BothEnds } from '../support/bothEnds.ts';
import { eventually } from '../support/eventually.ts';
import { Flood } from '../support/flood.ts';
import type { Reading } from '../support/probe.ts';

/** So many that the garbage of passing bytes, some 70 MB whatever their number, does not count. */
const together = 64;
/** What the proxy's process may grow by for each of them, in bytes. */
const mostHeld = 2_000_000;
/** What may leave a sender that nobody reads. Nearly all of it is the kernel's, on both ways. */
const mostSent = 30_000_000;

const bulk = 'x'.repeat(65_536);
const chunk = `10000\r\n${bulk}\r\n`;
const cases = [
  {
    name: 'a client that reads nothing of an endless download',
    kind: 'download',
    sender: 'sandbox',
    reader: 'client',
    piece: Buffer.from(chunk),
  },
  {
    name: 'a sandbox that reads nothing of an endless upload',
    kind: 'upload',
    sender: 'client',
    reader: 'sandbox',
    piece: Buffer.from(chunk),
  },
  {
    name: 'a client that reads nothing of a WebSocket',
    kind: 'webSocket',
    sender: 'sandbox',
    reader: 'client',
    piece: Buffer.from(bulk),
  },
  {
    name: 'a sandbox that reads nothing of a WebSocket',
    kind: 'webSocket',
    sender: 'client',
    reader: 'sandbox',
    piece: Buffer.from(bulk),
  },
] as const;

/** One direction that is full of bytes from end to end. */
interface Stream {
  readonly flood: Flood;
  readonly sender: Socket;
  readonly reader: Socket;
}

// A process of its own for each: what a flood has once touched stays mapped, and would hide the next.
let ends: BothEnds;
beforeEach(async () => {
  ends = await BothEnds.start();
});
afterEach(() => ends?.close());

test.each(cases)('$name', async (each) => {
  const first = await open(each, 1);
  await stalled(first);
  close(first); // It was for what is made once and then kept.
  const before = await ends.proxy.read();
  const streams = await open(each, together);
  await stalled(streams);
  const full = await ends.proxy.read();
  expect(full.rss - before.rss).toBeLessThan(together * mostHeld);
  expect(sizeOf(full) - sizeOf(before)).toBeLessThan(together * mostHeld);
  expect(Math.max(...streams.map(({ flood }) => flood.written))).toBeLessThan(mostSent);
  await readOn(streams);
  close(streams);
  await ends.proxy.quiet();
  expect(await ends.proxy.problems()).toEqual([]);
});

const sizeOf = ({ heapUsed, external }: Reading) => heapUsed + external;

/** Opens so many at once, each with a sender that writes all it can. */
function open(
  { kind, sender, reader, piece }: (typeof cases)[number],
  count: number,
): Promise<Stream[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const pair = await ends.open(kind);
      const flood = new Flood(pair[sender], piece, mostSent);
      return { flood, sender: pair[sender], reader: pair[reader] };
    }),
  );
}

/** Resolves when no sender gets rid of anything any more. */
async function stalled(streams: readonly Stream[]): Promise<void> {
  const sent = () => streams.reduce((sum, { flood }) => sum + flood.written, 0);
  let before: number;
  do {
    before = sent();
    await Promise.all(streams.map(({ flood }) => flood.stalled()));
  } while (sent() > before);
}

/** Lets each reader read until more has come than had been sent when nothing moved. */
async function readOn(streams: readonly Stream[]): Promise<void> {
  const missing = streams.map(({ flood }) => flood.written + 1);
  for (const [i, { reader }] of streams.entries()) {
    reader.on('data', ({ length }) => {
      missing[i] = (missing[i] ?? 0) - length;
    });
    reader.resume();
  }
  // That it comes, and not how fast: it is much, and the machine may have other things to do.
  expect(await eventually(() => missing.every((bytes) => bytes <= 0), 60_000)).toBe(true);
}

function close(streams: readonly Stream[]): void {
  for (const { sender, reader } of streams) {
    sender.destroy();
    reader.destroy();
  }
}
