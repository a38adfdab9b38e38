import type { Config } from '../config/config.ts';
import type { ApiCallRules } from './apiCalls.ts';
import { connectDaytona } from './connectDaytona.ts';
import type { SandboxMode } from './mode.ts';
import { connectPlatform } from './platform/connectPlatform.ts';
import { platformMode } from './platform/platformMode.ts';
import { previewMode } from './previewMode.ts';
import type { TargetRules } from './target.ts';

/** Connects to Daytona in the way that MODE says. */
export function createMode(
  config: Config,
  rules: ApiCallRules,
  targetRules: () => TargetRules,
): SandboxMode {
  const {
    MODE,
    DAYTONA_API_URL: apiUrl,
    DAYTONA_API_KEY: apiKey,
    PROXY_API_KEY: proxyKey,
  } = config;
  const account = { ...rules, apiUrl };
  if (MODE === 'platform') {
    if (proxyKey === undefined) throw new Error('platform mode without a proxy key');
    return platformMode(config, connectPlatform({ ...account, apiKey, proxyKey }));
  }
  if (apiKey === undefined) throw new Error('preview mode without an API key');
  return previewMode(config, connectDaytona({ ...account, apiKey }), targetRules);
}
