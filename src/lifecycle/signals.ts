import { setImmediate as turn } from 'node:timers/promises';
import type { Log } from '../log/logger.ts';
import type { OpenWork } from './openWork.ts';

/** After a crash new connections are refused: the restart must not wait for old ones long. */
const crashDrainMs = 2_000;
/** What the log may need then for its last lines. */
const lastWordsMs = 200;

export interface Stoppable {
  readonly log: Log;
  readonly openWork: OpenWork;
  /** Drains and ends everything, in a hurry within so many ms; called once. */
  stop(hurryMs?: number): Promise<void>;
}

/**
 * Runs until SIGTERM or SIGINT, then stops in order and exits 0; a second signal exits at once.
 * An error that nobody caught leaves the process in a state that nobody knows: it is logged, open
 * work is finished, and the exit code is 1. One that comes during a stop lets that go on.
 */
export function runUntilStopped({ log, openWork, stop }: Stoppable): void {
  let stopping = false;
  let exitCode = 0;
  const end = async (signal?: NodeJS.Signals) => {
    stopping = true;
    const { openRequests: requests, openWebSockets: sockets } = openWork.counts();
    const hurryMs = signal ? undefined : crashDrainMs - lastWordsMs;
    const stopped = stop(hurryMs).catch(() => {});
    await turn(); // The listener has ended, if that has no delay: who reads the line may count on it.
    if (signal) log('info', 'stop.draining', { signal, requests, sockets });
    await stopped;
    log('info', 'stop.done');
    await log.close();
    process.exit(exitCode);
  };
  const leave = async () => {
    await log.close();
    process.exit(exitCode || 130);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void (stopping ? leave() : end(signal)));
  }
  const crash = (error: unknown) => {
    log('error', 'process.crash', { cause: error instanceof Error ? error.stack : String(error) });
    exitCode = 1;
    if (stopping) return;
    setTimeout(() => process.exit(1), crashDrainMs).unref();
    void end();
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}
