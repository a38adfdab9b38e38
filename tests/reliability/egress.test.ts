/**
 * Guarantee: the egress proxy carries 500 tunnels at once and streams of any length without holding
 * more than what is under way, and keeps nothing of what has ended.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startRawServer } from '../support/egressRig.ts';
import { eventually } from '../support/eventually.ts';
import { Flood } from '../support/flood.ts';
import { WatchedEgress } from '../support/watchedEgress.ts';

const megabyte = Buffer.alloc(1_048_576, 'x');
/** What the process may grow by while a stream passes, in bytes; the garbage of passing is part of it. */
const mostHeld = 120_000_000;

let egress: WatchedEgress;
let outside: Awaited<ReturnType<typeof startRawServer>>;
/** What happens to the next connections outside. */
let accept: (socket: Socket) => void;
beforeEach(async () => {
  accept = (socket) => void socket.pipe(socket);
  outside = await startRawServer((socket) => accept(socket));
});
afterEach(async () => {
  await egress?.close();
  await outside.close();
});
const start = async (env: Record<string, string> = {}) => {
  egress = await WatchedEgress.start(outside.port, {
    EGRESS_MAX_CONNECTIONS_PER_SANDBOX: '0',
    EGRESS_MAX_BYTES_PER_SANDBOX: '0',
    ...env,
  });
};
const open = (sandbox?: string) => egress.tunnel(outside.port, sandbox);

test('500 tunnels at once each carry their own bytes, and leave nothing behind', async () => {
  await start();
  const before = await egress.read();
  const tunnels = await Promise.all(
    Array.from({ length: 500 }, (_each, i) => open(`sandbox-${i % 50}`)),
  );
  for (const [i, tunnel] of tunnels.entries()) tunnel.send(`tunnel ${i}.`);
  await Promise.all(
    tunnels.map((tunnel, i) => tunnel.until((text) => text === `tunnel ${i}.`, 10_000)),
  );
  const full = await egress.read();
  expect(full.sockets.length).toBe(1_000);
  for (const [i, { socket }] of tunnels.entries()) {
    if (i % 2 === 0) socket.end();
    else socket.resetAndDestroy();
  }
  const ended = async () => (await egress.read(false)).sockets.length === 0;
  expect(await eventually(ended)).toBe(true);
  const after = await egress.read();
  expect(after.fileDescriptors).toBeLessThanOrEqual(before.fileDescriptors);
  expect(after.timers).toBeLessThanOrEqual(before.timers);
  expect(after.troubles).toEqual([]);
  expect(after.heapUsed - before.heapUsed).toBeLessThan(8_000_000);
  measured(
    `500 tunnels at once: ${megabytes(full.rss - before.rss)} MB more while open, ${megabytes(
      after.heapUsed - before.heapUsed,
    )} MB of heap behind`,
  );
});

describe('a stream of 1 GB passes in constant memory', () => {
  const total = 1_073_741_824;

  test.each(['down', 'up'] as const)(
    '%s',
    async (way) => {
      let received = 0;
      const count = (socket: Socket) => {
        socket.on('data', ({ length }) => {
          received += length;
        });
      };
      const feed = (socket: Socket) => {
        let left = total;
        const more = () => {
          while (left > 0) {
            left -= megabyte.length;
            if (!socket.write(megabyte)) return;
          }
          socket.end();
        };
        socket.on('drain', more);
        more();
      };
      accept = way === 'down' ? feed : count;
      await start();
      const before = await egress.read();
      const socket = await egress.stream(outside.port);
      if (way === 'up') feed(socket);
      else count(socket);
      socket.resume();
      let most = 0;
      const through = async () => {
        most = Math.max(most, (await egress.read(false)).rss);
        return received >= total;
      };
      expect(await eventually(through, 50_000)).toBe(true);
      expect(received).toBe(total);
      expect(most - before.rss).toBeLessThan(mostHeld);
      measured(`1 GB ${way}: at most ${megabytes(most - before.rss)} MB more`);
      socket.destroy();
    },
    60_000,
  );
});

test('what the other side does not read is not piled up', async () => {
  accept = (socket) => void socket.pause();
  await start();
  const before = await egress.read();
  const floods = await Promise.all(
    Array.from({ length: 16 }, async () => new Flood((await open()).socket, megabyte, 64e6)),
  );
  await Promise.all(floods.map((flood) => flood.stalled()));
  const after = await egress.read();
  expect(after.external + after.heapUsed - before.external - before.heapUsed).toBeLessThan(32e6);
});

test('sandboxes that leave while their host is dialled leave nothing behind', async () => {
  await start();
  const before = await egress.read();
  let dialled = 0;
  accept = () => {
    dialled += 1;
  };
  const sockets = Array.from({ length: 200 }, () => egress.knock(outside.port));
  // Before, during and after the dial, as chance has it.
  for (const [i, socket] of sockets.entries()) {
    setTimeout(() => socket.resetAndDestroy(), 10 + (i % 50) * 5);
  }
  await Promise.all(sockets.map((socket) => once(socket, 'close')));
  expect(dialled).toBeGreaterThan(0);
  const ended = async () => (await egress.read(false)).sockets.length === 0;
  expect(await eventually(ended)).toBe(true);
  const after = await egress.read();
  expect(after.troubles).toEqual([]);
  expect(after.fileDescriptors).toBeLessThanOrEqual(before.fileDescriptors);
});

test('a host that breaks off ends the sandbox’s side too', async () => {
  accept = (socket) => void socket.once('data', () => socket.resetAndDestroy());
  await start();
  const tunnel = await open();
  tunnel.send('question');
  await tunnel.closed();
  expect((await egress.read()).troubles).toEqual([]);
});

test('each direction of a tunnel ends by itself', async () => {
  accept = (socket) => void socket.resume().once('end', () => socket.end('all that you asked for'));
  await start();
  const tunnel = await open();
  tunnel.socket.end('a question');
  await tunnel.closed();
  expect(tunnel.received).toBe('all that you asked for');
});

test('a sandbox may speak on to a host that has said all', async () => {
  const heard = new Promise<string>((done) => {
    accept = async (socket) => {
      socket.end('that is all');
      let text = '';
      for await (const chunk of socket) text += chunk;
      done(text);
    };
  });
  await start();
  const socket = await egress.stream(outside.port);
  let said = '';
  for await (const chunk of socket.setEncoding('utf8')) said += chunk;
  socket.end('thank you');
  expect([said, await heard]).toEqual(['that is all', 'thank you']);
});

test('a host that reads nothing, and speaks on, is left some seconds behind its sandbox', async () => {
  const hosts: Socket[] = [];
  accept = (socket) => {
    hosts.push(socket.pause());
    const words = setInterval(() => socket.write('.'), 200);
    socket.once('close', () => clearInterval(words));
  };
  await start();
  const tunnel = await open();
  const flood = new Flood(tunnel.socket, megabyte, 64e6);
  await flood.stalled();
  tunnel.socket.destroy();
  const ended = async () => (await egress.read(false)).sockets.length === 0;
  expect(await eventually(ended, 15_000)).toBe(true);
  expect(hosts.length).toBe(1);
});

const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
const measured = (text: string) =>
  process.stdout.write(`measured, the egress proxy with ${text}\n`);
