import { type EgressConfig, egressSettings, readEgressConfig } from '../config/egressConfig.ts';
import { runProgram } from '../lifecycle/runProgram.ts';
import type { Log } from '../log/logger.ts';
import { type RunningEgress, startEgress } from './startEgress.ts';

/** Runs the egress proxy; see `runProgram`. */
export function runEgress(format?: 'json'): Promise<void> {
  const program = {
    variables: egressSettings,
    read: readEgressConfig,
    start: startEgress,
    announce,
    prefix: 'EGRESS_',
  };
  return runProgram<EgressConfig, RunningEgress>(program, format);
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
