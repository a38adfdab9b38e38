/**
 * A worker thread that says when the next request is due. Timers of the event loop know whole
 * milliseconds only; here the thread sleeps to the moment itself.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { now } from './clock.ts';

const { perSecond, seconds } = workerData as { perSecond: number; seconds: number };
const never = new Int32Array(new SharedArrayBuffer(4));
const start = now() + 20;
for (let i = 0; i < perSecond * seconds; i++) {
  const due = start + (i * 1000) / perSecond;
  const wait = due - now();
  if (wait > 0) Atomics.wait(never, 0, 0, wait);
  parentPort?.postMessage(due);
}
