import type { Config } from '../../config/config.ts';
import type { SandboxMode } from '../mode.ts';
import type { Platform } from './connectPlatform.ts';
import { waysToRunners } from './runnerWays.ts';

/** Sandboxes of a self-hosted Daytona, straight on the runners that they live on. */
export function platformMode(config: Config, daytona: Platform): SandboxMode {
  // Runners are the operator's own machines, and seldom on public addresses.
  const allowPrivate = config.ALLOW_PRIVATE_UPSTREAMS ?? true;
  return {
    daytona,
    platform: daytona,
    allowPrivate,
    freshness: {
      ttlMs: config.RUNNER_CACHE_TTL_MS,
      factsMs: config.PUBLIC_CACHE_TTL_MS,
      staleMs: config.STALE_IF_ERROR_MS,
    },
    links: {
      linkedBy: ({ id }) => ({ id, port: 0 }), // A runner is the same for every port.
      showsToken: () => true,
      moves: true,
    },
    mayStart: config.DAYTONA_API_KEY !== undefined,
    wayTo: waysToRunners(allowPrivate),
  };
}
