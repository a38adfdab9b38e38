import type { Config } from '../config/config.ts';
import { environment } from '../config/environment.ts';
import { shownConfig } from '../config/shown.ts';
import type { Variable } from '../config/variables.ts';
import { createLog, type Log } from '../log/logger.ts';
import { runUntilStopped, type Stoppable } from './signals.ts';
import { explainStartError } from './startError.ts';

/** Something that serves until it is stopped. */
interface Running extends Pick<Stoppable, 'openWork'> {
  close(hurryMs?: number): Promise<void>;
}

export interface Program<Settings, Started extends Running> {
  /** All that it reads of the environment. */
  readonly variables: Readonly<Record<string, Variable<unknown>>>;
  /** @throws ConfigError */
  read(env: ReturnType<typeof environment>): Settings;
  start(config: Settings, log: Log): Promise<Started>;
  announce(config: Settings, running: Started, log: Log): void;
  /** Of its variables PORT and HOST. */
  readonly prefix?: string;
}

/**
 * Runs a program until a signal stops it; where it cannot start, the process ends with code 1.
 *
 * @param format of the log, where the command line says it
 */
export async function runProgram<
  Settings extends Pick<Config, 'LOG_LEVEL' | 'LOG_FORMAT'>,
  Started extends Running,
>(
  { variables, read, start, announce, prefix }: Program<Settings, Started>,
  format?: 'json',
): Promise<void> {
  try {
    const env = environment();
    const config = read(env);
    const log = createLog({
      level: config.LOG_LEVEL,
      format: format ?? config.LOG_FORMAT ?? (process.stdout.isTTY ? 'pretty' : 'json'),
    });
    const running = await start(config, log);
    log('info', 'start.config', shownConfig(variables, env));
    announce(config, running, log);
    runUntilStopped({ log, openWork: running.openWork, stop: (hurryMs) => running.close(hurryMs) });
  } catch (error) {
    console.error(explainStartError(error, prefix));
    process.exit(1);
  }
}
