import { createHmac } from 'node:crypto';
import type { Config } from '../config/config.ts';

/**
 * By what a doctor shows that it has the proxy's own settings, without showing its key. That a
 * request comes from this machine would not do: one of a stranger looks like that too behind a front
 * that says nothing of visitors, and an app may run here as well.
 *
 * @returns undefined where there is no key, and then nobody is a doctor
 */
export function proofOf({
  DAYTONA_API_KEY: key,
  PROXY_API_KEY: proxyKey,
}: Partial<Pick<Config, 'DAYTONA_API_KEY' | 'PROXY_API_KEY'>>): string | undefined {
  const secret = key || proxyKey;
  return secret
    ? createHmac('sha256', secret).update('daytona-proxy doctor').digest('base64url')
    : undefined;
}
