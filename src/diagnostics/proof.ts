import { createHmac } from 'node:crypto';
import type { Config } from '../config/config.ts';
import { sameSecret } from '../secrets.ts';

type Keys = Partial<Pick<Config, 'DAYTONA_API_KEY' | 'PROXY_API_KEY'>>;

const minuteMs = 60_000;

/**
 * By what a doctor shows that it has the proxy's own settings, without showing its key. That a
 * request comes from this machine would not do: one of a stranger looks like that too behind a front
 * that says nothing of visitors, and an app may run here as well. It is good for its minute alone:
 * whoever listens on PORT in the place of the proxy gets it too.
 *
 * @param at ms since the epoch
 * @returns undefined where there is no key, and then nobody is a doctor
 */
export function proofOf(
  { DAYTONA_API_KEY: key, PROXY_API_KEY: proxyKey }: Keys,
  at: number,
): string | undefined {
  const secret = key || proxyKey;
  const minute = Math.floor(at / minuteMs);
  return secret
    ? createHmac('sha256', secret).update(`daytona-proxy doctor ${minute}`).digest('base64url')
    : undefined;
}

/** True for a proof of this minute, of the last or of the next. */
export function isProof(keys: Keys, proof: string, now = Date.now()): boolean {
  return [now, now - minuteMs, now + minuteMs].some((at) => {
    const right = proofOf(keys, at);
    return right !== undefined && sameSecret(right, proof);
  });
}
