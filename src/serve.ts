import { startProxy } from './assembly.ts';
import { readConfig } from './config/config.ts';
import { environment } from './config/environment.ts';
import { shownConfig } from './config/shown.ts';
import { announce } from './lifecycle/announce.ts';
import { runUntilStopped } from './lifecycle/signals.ts';
import { explainStartError } from './lifecycle/startError.ts';
import { createLog } from './log/logger.ts';

/**
 * Runs the proxy until a signal stops it; where it cannot start, the process ends with code 1.
 *
 * @param format of the log, where the command line says it
 */
export async function serve(format?: 'json'): Promise<void> {
  try {
    const env = environment();
    const config = readConfig(env);
    const log = createLog({
      level: config.LOG_LEVEL,
      format: format ?? config.LOG_FORMAT ?? (process.stdout.isTTY ? 'pretty' : 'json'),
    });
    const proxy = await startProxy(config, log);
    log('info', 'start.config', shownConfig(env));
    announce(config, proxy, log);
    runUntilStopped({ log, openWork: proxy.openWork, stop: (hurryMs) => proxy.close(hurryMs) });
  } catch (error) {
    console.error(explainStartError(error));
    process.exit(1);
  }
}
