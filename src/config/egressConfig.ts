import { readVariables, refuse, type Values } from './config.ts';
import { egressVariables } from './egressVariables.ts';
import { withStandIns } from './platformVariables.ts';
import { variables } from './variables.ts';

const {
  STATS_TOKEN,
  LOG_LEVEL,
  LOG_FORMAT,
  HEADERS_TIMEOUT_MS,
  UPLOAD_STALL_TIMEOUT_MS,
  SHUTDOWN_TIMEOUT_MS,
  DRAIN_DELAY_MS,
} = variables;

/** What the egress proxy reads: it needs no Daytona, and shares what is said about every process. */
export const egressSettings = {
  ...egressVariables,
  STATS_TOKEN,
  LOG_LEVEL,
  LOG_FORMAT,
  HEADERS_TIMEOUT_MS,
  UPLOAD_STALL_TIMEOUT_MS,
  SHUTDOWN_TIMEOUT_MS,
  DRAIN_DELAY_MS,
};

export type EgressConfig = Values<typeof egressSettings>;

/**
 * Reads the configuration of the egress proxy.
 *
 * @throws ConfigError that lists every bad variable
 */
export function readEgressConfig(env: Readonly<Record<string, string | undefined>>): EgressConfig {
  const config = readVariables(egressSettings, withStandIns(env));
  const problems: string[] = [];
  if (config.EGRESS_ALLOW.length === 0) {
    problems.push(
      `  EGRESS_ALLOW is not set: nothing could be reached. For example: EGRESS_ALLOW=${egressSettings.EGRESS_ALLOW.example}`,
    );
  }
  if (config.EGRESS_SECRET.length === 0) {
    problems.push(
      `  EGRESS_SECRET is not set: no sandbox could be told from another. For example: EGRESS_SECRET=${egressSettings.EGRESS_SECRET.example}`,
    );
  }
  refuse(problems);
  return config;
}
