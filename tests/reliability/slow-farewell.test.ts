import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { closeFrame, goingAway, serviceRestart } from '../../src/proxy/closeFrame.ts';
import { joinSockets } from '../../src/proxy/socketPair.ts';
import { connectedSockets } from '../support/connectedSockets.ts';
import { masked, unmasked } from '../support/masking.ts';

const ends: Socket[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end.destroy();
});

/** Both ends of a connection. */
async function connection(): Promise<[Socket, Socket]> {
  const both = await connectedSockets();
  ends.push(...both);
  return both;
}

test.each([
  ['and the sandbox speaks on', false],
  ['and the proxy stops meanwhile', true],
])('a visitor that left hears all that was said before, %s', async (_name, stops) => {
  const [client, visitor] = await connection();
  const [near, sandbox] = await connection();
  visitor.pause();
  sandbox.pause();
  const said = message(16_000_000);
  const end = joinSockets(client, near, { idleMs: 0 }, { client: [said], sandbox: said });
  client.resume(); // Each has much to hear, and is heard all the same.
  visitor.end();
  await once(client, 'end');
  near.resume();
  if (stops) end();
  sandbox.write('behind the end');
  if (!stops) await once(near, 'data');
  sandbox.resume();
  let count = 0;
  for await (const chunk of visitor as AsyncIterable<Buffer>) count += chunk.length;
  expect(count).toBe(said.length);
});

/** A visitor's message of so many bytes, under a mask of zeros. */
function message(length: number): Buffer {
  const frame = Buffer.alloc(14 + length);
  frame[0] = 0x82;
  frame[1] = 0x80 | 127;
  frame.writeBigUInt64BE(BigInt(length), 2);
  return frame;
}

test('a sandbox that reads slowly gets all that the visitor said, and hears of the end first', async () => {
  const [client, visitor] = await connection();
  const [near, sandbox] = await connection();
  const first = { client: [message(48_000_000)], sandbox: Buffer.alloc(0) };
  joinSockets(client, near, { idleMs: 600_000 }, first)();
  expect((await once(visitor, 'data'))[0]).toEqual(closeFrame(serviceRestart, 'service restart'));
  visitor.write(masked(closeFrame(serviceRestart)));
  let visitorLeft = false;
  const left = once(visitor, 'end').then(() => {
    visitorLeft = true;
  });
  const began = performance.now();
  let count = 0;
  let tail = Buffer.alloc(0);
  for await (const chunk of sandbox as AsyncIterable<Buffer>) {
    count += chunk.length;
    tail = Buffer.concat([tail, chunk]).subarray(-8);
    // Slow for longer than the proxy lets the visitor say and take nothing, which has said all.
    if (performance.now() - began < 7_500) await wait(25);
  }
  expect(performance.now() - began).toBeGreaterThan(7_500);
  expect([count, visitorLeft]).toEqual([48_000_014 + 8, false]);
  expect(unmasked(tail)).toEqual(closeFrame(goingAway));
  await left;
});

test('a sandbox that speaks on while it reads what came before our goodbye hears the goodbye', async () => {
  const [client, visitor] = await connection();
  const [near, sandbox] = await connection();
  // Small enough to be out of the proxy's hands at once: the system holds it for the sandbox.
  const first = { client: [message(2_500_000)], sandbox: Buffer.alloc(0) };
  joinSockets(client, near, { idleMs: 600_000 }, first)();
  visitor.resume().write(masked(closeFrame(serviceRestart)));
  const began = performance.now();
  let tail = Buffer.alloc(0);
  for await (const chunk of sandbox as AsyncIterable<Buffer>) {
    tail = Buffer.concat([tail, chunk]).subarray(-8);
    if (performance.now() - began > 2_500) continue;
    sandbox.write(unfinished);
    await wait(100);
  }
  expect(performance.now() - began).toBeGreaterThan(2_500);
  expect(unmasked(tail)).toEqual(closeFrame(goingAway));
});

/** A bit of a message. */
const unfinished = Buffer.from([0x02, 0x01, 0x61]);
