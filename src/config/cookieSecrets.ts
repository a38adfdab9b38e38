import { createHmac } from 'node:crypto';
import type { Config } from './config.ts';

/** A shorter one could be guessed from what it has encrypted. */
const fewestCharacters = 32;

/**
 * What sessions are encrypted with; none where it is to be random. The platform's key for its proxy
 * is the same on all instances, and no visitor's.
 */
export function cookieSecrets(config: Config): readonly string[] {
  if (config.COOKIE_SECRET.length > 0) return config.COOKIE_SECRET;
  const { MODE, PROXY_API_KEY: key } = config;
  if (MODE !== 'platform' || key === undefined || key.length < fewestCharacters) return [];
  return [createHmac('sha256', key).update('daytona-proxy cookies').digest('base64url')];
}
