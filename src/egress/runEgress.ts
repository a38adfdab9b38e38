import { type EgressConfig, readEgressConfig } from '../config/egressConfig.ts';
import { environment } from '../config/environment.ts';
import { runUntilStopped } from '../lifecycle/signals.ts';
import { createLog, type Log } from '../log/logger.ts';
import { type RunningEgress, startEgress } from './startEgress.ts';

/**
 * Runs the egress proxy as this process's work, until SIGTERM or SIGINT.
 *
 * @throws ConfigError, and what `listen` fails with
 */
export async function runEgress(): Promise<void> {
  const config = readEgressConfig(environment());
  const log = createLog({
    level: config.LOG_LEVEL,
    format: config.LOG_FORMAT ?? (process.stdout.isTTY ? 'pretty' : 'json'),
  });
  const egress = await startEgress(config, log);
  announce(config, egress, log);
  runUntilStopped({ log, openWork: egress.openWork, stop: (hurryMs) => egress.close(hurryMs) });
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
