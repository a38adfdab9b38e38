/**
 * Guarantees: ten thousand WebSockets that come and go leave nothing behind, however they end; and
 * one whose peers have fallen silent, or gone without a word, is freed by the idle limit, while
 * one with any traffic stays.
 */
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BothEnds, type Ends } from '../support/bothEnds.ts';
import { Flood } from '../support/flood.ts';

/** So many are open at the same time. */
const together = 500;
/** So many of them are opened at once. */
const rush = 50;
const total = 10_000;
/** What all of them may leave on the heap, in bytes: less than 200 for each. */
const mostGrowth = 2_000_000;
const idleMs = 1_000;

const goodbye = Buffer.from([0x88, 0x02, 0x03, 0xe8]);
/** How a WebSocket ends. */
const endings: readonly (readonly [string, (ends: Ends) => void])[] = [
  ['the client says goodbye', ({ client }) => client.end(masked(goodbye))],
  ['the client resets', ({ client }) => client.resetAndDestroy()],
  ['the sandbox says goodbye', ({ sandbox }) => sandbox.end(goodbye)],
  ['the sandbox resets', ({ sandbox }) => sandbox.resetAndDestroy()],
];

describe('ten thousand', () => {
  let ends: BothEnds;
  beforeAll(async () => {
    ends = await BothEnds.start();
  });
  afterAll(() => ends?.close());

  test('leave no socket, listener, timer or memory', async () => {
    for (const [, end] of endings) await wave(end);
    const before = { holdings: await ends.proxy.quiet(), reading: await ends.proxy.read() };
    for (let i = 0; i < total / together; i++) await wave(endings[i % endings.length]?.[1]);
    await ends.proxy.quiet();
    expect(await ends.proxy.excess(before.holdings)).toEqual({});
    const after = await ends.proxy.read();
    expect(after.heapUsed - before.reading.heapUsed).toBeLessThan(mostGrowth);
    expect(after.external - before.reading.external).toBeLessThan(mostGrowth);
    expect(after.processListeners).toBe(before.reading.processListeners);
    expect(await ends.proxy.problems()).toEqual([]);
  });

  test.each(endings)(
    'both halves of one end where %s, and nobody ends in return',
    async (_, end) => {
      const before = await ends.proxy.quiet();
      const pair = await open();
      end(pair);
      await Promise.all([left(pair.client), left(pair.sandbox)]);
      expect(await ends.proxy.excess(before)).toEqual({});
      destroy(pair);
    },
  );

  /** Opens many, has bytes pass on each both ways, and ends all in the same way. */
  async function wave(end: (typeof endings)[number][1] = destroy): Promise<void> {
    const pairs: Ends[] = [];
    while (pairs.length < together) {
      pairs.push(...(await Promise.all(Array.from({ length: rush }, open))));
    }
    expect(await ends.proxy.holdings()).toMatchObject({ clients: together, upstream: together });
    await Promise.all(
      pairs.map(async (pair) => {
        await pass(pair.client, pair.sandbox);
        await pass(pair.sandbox, pair.client);
        end(pair);
        await Promise.all([left(pair.client), left(pair.sandbox)]);
        destroy(pair);
      }),
    );
  }

  const open = () => ends.open('webSocket');
});

describe('an idle limit of a second', () => {
  let ends: BothEnds;
  beforeAll(async () => {
    ends = await BothEnds.start({ WS_IDLE_TIMEOUT_MS: String(idleMs) });
  });
  afterAll(() => ends?.close());
  const open = () => ends.open('webSocket');

  test('frees a WebSocket on which both sides are silent, also if they never end', async () => {
    const before = await ends.proxy.holdings();
    const since = performance.now();
    const pair = await open();
    await expectFreed(pair, since);
    expect(await ends.proxy.excess(before)).toEqual({});
    destroy(pair);
  });

  test.each([
    ['client', 'sandbox'],
    ['sandbox', 'client'],
  ] as const)(
    'keeps one on which only the %s speaks, until it is silent too',
    async (speaks, hears) => {
      const pair = await open();
      let since = 0;
      for (const start = performance.now(); since - start < 3 * idleMs; ) {
        since = performance.now();
        await pass(pair[speaks], pair[hears], idleMs / 4);
      }
      await expectFreed(pair, since);
      destroy(pair);
    },
  );

  test('frees one whose client has stopped to read what the sandbox sends', async () => {
    const before = await ends.proxy.holdings();
    const pair = await open();
    const flood = new Flood(pair.sandbox, Buffer.alloc(65_536));
    await flood.stalled();
    const since = performance.now();
    await left(pair.sandbox);
    expect(performance.now() - since).toBeLessThan(3 * idleMs);
    expect(await ends.proxy.excess(before)).toEqual({});
    destroy(pair);
  });

  test('does all that without an error', async () => {
    await ends.proxy.quiet();
    expect(await ends.proxy.problems()).toEqual([]);
  });

  /** Expects the proxy to let go of both ends about the limit after the last byte. */
  async function expectFreed({ client, sandbox }: Ends, since: number): Promise<void> {
    const leave = async (socket: Socket) => {
      await left(socket);
      return performance.now() - since;
    };
    for (const lasted of await Promise.all([leave(client), leave(sandbox)])) {
      expect(lasted).toBeGreaterThan(0.9 * idleMs);
      expect(lasted).toBeLessThan(2 * idleMs);
    }
  }
});

/** Resolves when the proxy has ended its side of a connection, or reset it. */
function left(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    socket
      .once('end', resolve)
      .once('close', () => resolve())
      .resume();
  });
}

/** Sends a byte from one end and waits until it has come out of the other, and `ms` longer. */
async function pass(from: Socket, to: Socket, ms = 0): Promise<void> {
  from.write('x');
  await new Promise((resolve) => to.once('data', resolve).resume());
  to.pause();
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}

function destroy({ client, sandbox }: Ends): void {
  client.destroy();
  sandbox.destroy();
}

/** A client's frame: its payload under a mask, of zeros here. */
function masked(frame: Buffer): Buffer {
  const mask = Buffer.from([(frame[1] ?? 0) | 0x80, 0, 0, 0, 0]);
  return Buffer.concat([frame.subarray(0, 1), mask, frame.subarray(2)]);
}
