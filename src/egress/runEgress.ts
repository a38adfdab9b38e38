import { type EgressConfig, readEgressConfig } from '../config/egressConfig.ts';
import { environment } from '../config/environment.ts';
import { runUntilStopped } from '../lifecycle/signals.ts';
import { explainStartError } from '../lifecycle/startError.ts';
import { createLog, type Log } from '../log/logger.ts';
import { type RunningEgress, startEgress } from './startEgress.ts';

/**
 * Runs the egress proxy until a signal stops it; where it cannot start, the process ends with code 1.
 *
 * @param format of the log, where the command line says it
 */
export async function runEgress(format?: 'json'): Promise<void> {
  try {
    const config = readEgressConfig(environment());
    const log = createLog({
      level: config.LOG_LEVEL,
      format: format ?? config.LOG_FORMAT ?? (process.stdout.isTTY ? 'pretty' : 'json'),
    });
    const egress = await startEgress(config, log);
    announce(config, egress, log);
    runUntilStopped({ log, openWork: egress.openWork, stop: (hurryMs) => egress.close(hurryMs) });
  } catch (error) {
    console.error(explainStartError(error, 'EGRESS_'));
    process.exit(1);
  }
}

function announce(config: EgressConfig, { port, maxConnections }: RunningEgress, log: Log): void {
  const hosts = config.EGRESS_ALLOW.map(
    (rule) => `${rule.wildcard ? '*.' : ''}${rule.host}:${rule.port}`,
  );
  log('info', 'start.listening', {
    serves: `the way out to ${hosts.join(', ')}`,
    address: `${config.EGRESS_HOST ?? 'all interfaces'}, port ${port}`,
  });
  if (maxConnections < config.EGRESS_MAX_CONNECTIONS) {
    log('warn', 'start.warning', {
      warning: `EGRESS_MAX_CONNECTIONS is ${maxConnections} and not ${config.EGRESS_MAX_CONNECTIONS}: the process may not open more files (ulimit -n, LimitNOFILE).`,
    });
  }
}
