import type { Config } from '../config/config.ts';
import type { Daytona } from './daytona.ts';
import { showsToken, waysToEdge } from './edgeWays.ts';
import type { SandboxMode } from './mode.ts';
import type { TargetRules } from './target.ts';

/** While Daytona answers, no longer does a sandbox count as private that went public, and gets its token sent. */
const longestFactsMs = 60_000;

/** Sandboxes behind Daytona's preview edge. */
export function previewMode(
  config: Config,
  daytona: Daytona,
  targetRules: () => TargetRules,
): SandboxMode {
  return {
    daytona,
    allowPrivate: config.ALLOW_PRIVATE_UPSTREAMS,
    freshness: {
      ttlMs: config.CACHE_TTL,
      factsMs: Math.min(config.CACHE_TTL, longestFactsMs),
      staleMs: config.STALE_IF_ERROR_MS,
    },
    links: {
      linkedBy: (address) => address,
      showsToken: ({ facts }, port) => showsToken(facts, port),
      moves: false,
    },
    mayStart: true,
    wayTo: waysToEdge(targetRules, config.ACTIVITY !== 'edge'),
  };
}
