import type { Log } from '../log/logger.ts';
import type { OpenWork } from './openWork.ts';

/** After a crash new connections are refused: the restart must not wait for old ones long. */
const crashDrainMs = 2_000;

export interface Stoppable {
  readonly log: Log;
  readonly openWork: OpenWork;
  /** Drains and ends everything; called once. */
  stop(): Promise<void>;
}

/**
 * Runs until SIGTERM or SIGINT, then stops in order and exits 0; a second signal exits at once.
 * An error that nobody caught leaves the process in a state that nobody knows: it is logged, open
 * work is finished, and the exit code is 1.
 */
export function runUntilStopped({ log, openWork, stop }: Stoppable): void {
  let stopping = false;
  const end = async (exitCode: number) => {
    if (stopping) process.exit(exitCode || 130);
    stopping = true;
    await stop().catch(() => {});
    log('info', 'stop.done');
    await log.close();
    process.exit(exitCode);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      const { openRequests: requests, openWebSockets: sockets } = openWork.counts();
      const first = !stopping;
      void end(0); // Closes the listener at once: who reads the line below may count on it.
      if (first) log('info', 'stop.draining', { signal, requests, sockets });
    });
  }
  const crash = (error: unknown) => {
    log('error', 'process.crash', { cause: error instanceof Error ? error.stack : String(error) });
    setTimeout(() => process.exit(1), crashDrainMs).unref();
    void end(1);
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
}
