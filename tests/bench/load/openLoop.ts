import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { host } from '../rig/ask.ts';
import { now } from './clock.ts';
import { openConnection, readHead } from './connection.ts';

const request = `GET /small HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

/** A keep-alive connection with at most one request under way. */
interface Lane {
  readonly socket: Socket;
  /** When its request was due; undefined while it is free. */
  due: number | undefined;
  received: Buffer;
}

/**
 * Sends requests at a constant rate, whether or not the ones before are answered, and measures
 * each from the moment when it was due, not from when it was sent: no coordinated omission.
 *
 * @returns the latencies in ms
 * @throws Error if a request failed
 */
export async function openLoop(
  port: number,
  perSecond: number,
  seconds: number,
): Promise<Float64Array> {
  const latencies = new Float64Array(perSecond * seconds);
  const all = new Set<Lane>();
  const free: Lane[] = [];
  let answered = 0;
  let failure: string | undefined;
  const { promise: complete, resolve: finish } = Promise.withResolvers<void>();
  const fail = (why: string) => {
    failure ??= why;
    finish();
  };

  const open = (): Lane => {
    const lane: Lane = {
      socket: openConnection(
        port,
        (bytes) => receive(lane, bytes),
        () => lane.due !== undefined && fail('a connection ended without an answer'),
      ),
      due: undefined,
      received: Buffer.alloc(0),
    };
    all.add(lane);
    return lane;
  };
  const receive = (lane: Lane, bytes: Buffer) => {
    // Nearly always the whole answer in one piece; only a part of one is copied.
    const received = lane.received.length > 0 ? Buffer.concat([lane.received, bytes]) : bytes;
    const head = readHead(received);
    if (!head || received.length < head.end + head.bodyLength) {
      lane.received = Buffer.from(received);
      return;
    }
    if (head.status !== 200 || lane.due === undefined) return fail(`status ${head.status}`);
    latencies[answered++] = now() - lane.due;
    lane.due = undefined;
    lane.received = Buffer.alloc(0);
    free.push(lane);
    if (answered === latencies.length) finish();
  };
  const send = (due: number) => {
    let lane = free.shift(); // The longest unused one, so that all are in use.
    while (lane?.socket.destroyed) lane = free.shift();
    lane ??= open();
    lane.due = due;
    lane.socket.write(request);
  };

  for (let i = 0; i < 32; i++) free.push(open());
  await Promise.all(free.map(({ socket }) => once(socket, 'connect')));
  const pacer = new Worker(new URL('pacer.ts', import.meta.url), {
    workerData: { perSecond, seconds },
  });
  pacer.on('message', send);
  const late = setTimeout(() => fail('answers were missing'), (seconds + 5) * 1000);
  await complete;
  clearTimeout(late);
  await pacer.terminate();
  for (const { socket } of all) socket.destroy();
  if (failure) throw new Error(failure);
  return latencies;
}
