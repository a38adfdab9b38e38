import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { joinSockets } from '../../../src/proxy/socketPair.ts';
import { connectedSockets } from '../../support/connectedSockets.ts';

const minuteMs = 60_000;
/** All but the clock: sockets need the real ones. */
const real = [
  'Date',
  'nextTick',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

const ends: Socket[] = [];
afterEach(() => {
  jest.useRealTimers();
  for (const end of ends.splice(0)) end.destroy();
});

/** Both ends of a connection. */
async function connection(): Promise<[Socket, Socket]> {
  const both = await connectedSockets();
  ends.push(...both);
  return both;
}

/** A pair of which one byte of the visitor's first message is still to come. */
async function pair() {
  const [client, visitor] = await connection();
  const [near, sandbox] = await connection();
  let told = 0;
  const onUse = () => {
    told += 1;
  };
  const early = Buffer.from([0x82, 2, 1]); // A message of two bytes, whose last one is missing.
  const first = { client: [early], sandbox: Buffer.from([0x81, 1, 65]) };
  joinSockets(client, near, { idleMs: 0, onUse }, first);
  expect([...((await once(visitor, 'data'))[0] as Buffer)]).toEqual([0x81, 1, 65]);
  expect([...((await once(sandbox, 'data'))[0] as Buffer)]).toEqual([...early]);
  const pass = async (from: Socket, to: Socket, bytes: readonly number[]) => {
    const before = told;
    from.write(Buffer.from(bytes));
    const [heard] = await once(to, 'data');
    expect([...(heard as Buffer)]).toEqual(bytes);
    return told - before;
  };
  return {
    told: () => told,
    /** Gives how often a chunk that the visitor sent was told of; the sandbox's likewise. */
    up: (bytes: readonly number[]) => pass(visitor, sandbox, bytes),
    down: (bytes: readonly number[]) => pass(sandbox, visitor, bytes),
  };
}

test('a pair tells of what the visitor says, and not of its pings', async () => {
  const { told, up } = await pair();
  expect(told()).toBe(1); // The sandbox's message came before the visitor had said anything.
  expect(await up([2])).toBe(1);
  expect(await up([0x89, 0])).toBe(0);
  expect(await up([0x89, 0, 0x81, 0])).toBe(1);
});

test('a pair tells for 30 minutes of what the visitor’s last word brings about', async () => {
  jest.useFakeTimers({ doNotFake: [...real] });
  const { up, down } = await pair();
  jest.advanceTimersByTime(60 * minuteMs);
  expect(await down([0x81, 1, 66])).toBe(0);
  expect(await up([2])).toBe(1);
  jest.advanceTimersByTime(29 * minuteMs);
  expect(await down([0x8a, 0])).toBe(0); // A pong.
  expect(await down([0x8a, 0, 0x81, 1, 66])).toBe(1);
  expect(await up([0x89, 0])).toBe(0); // A ping, which is no word.
  jest.advanceTimersByTime(minuteMs);
  expect(await down([0x81, 1, 66])).toBe(0);
});
