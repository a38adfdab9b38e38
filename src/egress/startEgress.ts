import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { EgressConfig } from '../config/egressConfig.ts';
import { affordable } from '../descriptors.ts';
import { drain } from '../lifecycle/drain.ts';
import { OpenWork } from '../lifecycle/openWork.ts';
import type { Log } from '../log/logger.ts';
import { Limits } from './limits.ts';
import { createEgressListener } from './listener.ts';
import { answerOps } from './ops.ts';
import { Passages } from './passages.ts';
import { RefusalLog } from './refusalLog.ts';
import { type Resolve, resolveBy } from './resolve.ts';
import { Revoked } from './revoked.ts';
import { Strangers } from './strangers.ts';
import { Usage } from './usage.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

export interface RunningEgress {
  readonly port: number;
  /** EGRESS_MAX_CONNECTIONS, or fewer where the process may not open as many. */
  readonly maxConnections: number;
  readonly openWork: OpenWork;
  /** Drains and ends everything, within SHUTDOWN_TIMEOUT_MS; in a hurry within so many ms. */
  close(hurryMs?: number): Promise<void>;
}

/**
 * Builds the egress proxy from its configuration and listens.
 *
 * @param resolve finds the addresses of a name; each is asked for once
 * @throws what `listen` fails with, and ConfigError where a file cannot be read
 */
export async function startEgress(
  config: EgressConfig,
  log: Log,
  resolve: Resolve = resolveBy(),
): Promise<RunningEgress> {
  const openWork = new OpenWork();
  const usage = new Usage();
  const limits = new Limits({
    connectionsPerSandbox: config.EGRESS_MAX_CONNECTIONS_PER_SANDBOX,
    windowMs: config.EGRESS_WINDOW_MS,
    requests: config.EGRESS_MAX_REQUESTS,
    requestsPerSandbox: config.EGRESS_MAX_REQUESTS_PER_SANDBOX,
    bytes: config.EGRESS_MAX_BYTES,
    bytesPerSandbox: config.EGRESS_MAX_BYTES_PER_SANDBOX,
  });
  const revoked = new Revoked(config.EGRESS_REVOKED, config.EGRESS_REVOKED_FILE, log, () =>
    passages.cutRevoked(),
  );
  const isRevoked = (id: string) => revoked.has(id);
  const stallMs = config.UPLOAD_STALL_TIMEOUT_MS;
  const passages = new Passages({ limits, usage, log, stallMs, isRevoked });
  await revoked.start();

  const maxConnections = affordable(config.EGRESS_MAX_CONNECTIONS);
  const strangersOfAddress = Math.max(64, Math.floor(maxConnections / 4));
  const refusals = new RefusalLog(usage, log, strangersOfAddress);
  const proxy = createEgressListener({
    host: config.EGRESS_HOST,
    port: config.EGRESS_PORT,
    maxConnections,
    headersTimeoutMs: config.HEADERS_TIMEOUT_MS,
    openWork,
    log,
    onMalformed: (client) => refusals.malformed(client),
    admission: {
      secrets: config.EGRESS_SECRET,
      allow: config.EGRESS_ALLOW,
      dial: {
        allowPrivate: config.EGRESS_ALLOW_PRIVATE,
        resolve,
        timeoutMs: config.EGRESS_CONNECT_TIMEOUT_MS,
      },
      idleTimeoutMs: config.EGRESS_IDLE_TIMEOUT_MS,
      limits,
      strangers: new Strangers({
        mostOfAddress: strangersOfAddress,
        withinMs: config.HEADERS_TIMEOUT_MS,
        onCrowd: (address) => refusals.crowded(address),
      }),
      passages,
      isRevoked,
      onRefusal: (...refused) => refusals.refused(...refused),
    },
    answerOwn: (req, res) => {
      const figures = {
        draining: openWork.draining,
        stats: () => ({ ...figuresOf(usage, passages, openWork), version }),
      };
      answerOps(req, res, figures, config.STATS_TOKEN);
    },
  });
  const server = proxy.server as Server;
  try {
    await proxy.listen();
  } catch (error) {
    revoked.close();
    throw error;
  }
  return {
    port: proxy.port,
    maxConnections,
    openWork,
    close: async (hurryMs) => {
      await drain(server, openWork, {
        delayMs: hurryMs === undefined ? config.DRAIN_DELAY_MS : 0,
        spreadMs: 0, // Only what is idle is ended, and that connects anew when it is needed.
        timeoutMs: Math.min(hurryMs ?? Number.POSITIVE_INFINITY, config.SHUTDOWN_TIMEOUT_MS),
      });
      passages.removeAll();
      revoked.close();
    },
  };
}

function figuresOf(usage: Usage, passages: Passages, openWork: OpenWork) {
  const open = passages.counts();
  const { openConnections } = openWork.counts();
  return {
    openConnections,
    ...usage.total,
    refusals: usage.refusals,
    sandboxes: usage.sandboxes().map((each) => ({ ...each, open: open.get(each.id) ?? 0 })),
    opened: Object.fromEntries(open),
    uptime: Math.round(process.uptime()),
  };
}
