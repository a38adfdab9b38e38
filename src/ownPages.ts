import type { RequestHandler } from 'express';
import type { Access } from './access/access.ts';
import { shareOrigins } from './access/cors.ts';
import type { Config } from './config/config.ts';
import { diagnosticsPages } from './diagnostics/pages.ts';
import { isProof } from './diagnostics/proof.ts';
import type { Carrier } from './proxy/middleware.ts';
import type { RequireOperator } from './replies/ops.ts';
import type { SandboxMode } from './sandbox/mode.ts';
import { buildLogPages } from './sandbox/platform/buildLogs.ts';
import type { Metrics } from './telemetry/metrics.ts';
import { metricsPage } from './telemetry/metricsPage.ts';

interface PageParts {
  readonly mode: SandboxMode;
  readonly carrier: Carrier;
  readonly access: Pick<Access, 'chain'>;
  readonly metrics: Metrics;
  readonly requireOperator: RequireOperator;
}

/** Pages of ours that are there in some configurations, on hosts that are no sandbox's. */
export function ownPages(config: Config, parts: PageParts): RequestHandler[] {
  return [
    ...buildLogs(parts),
    ...(config.METRICS_PORT === undefined
      ? [metricsPage(parts.metrics, parts.requireOperator)]
      : []),
    diagnosticsPages((proof) => isProof(config, proof)),
  ];
}

/** What only stands inside a self-hosted Daytona. */
function buildLogs({ mode, carrier: { handle: carry }, access }: PageParts): RequestHandler[] {
  const { platform, allowPrivate = true } = mode;
  if (!platform) return [];
  const { failures } = access.chain.access;
  const share = shareOrigins(access.chain.cors);
  return [buildLogPages({ platform, allowPrivate, carry, failures, share })];
}
