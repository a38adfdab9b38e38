import { z } from 'zod';
import { integer, off, type Variable, variable } from './schemas.ts';

const redisUrl = z.string().transform((text, ctx) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const valid =
    url &&
    /^rediss?:$/.test(url.protocol) &&
    url.hostname !== '' &&
    /^\/?\d*$/.test(url.pathname) &&
    !url.search &&
    !url.hash &&
    [url.username, url.password].every(isEncoded);
  if (valid) return url;
  ctx.addIssue('must be redis:// or rediss:// with a host, and a number at most as its path');
  return z.NEVER;
});

/** What several instances share. */
export const storeVariables = {
  REDIS_URL: variable(
    off.or(redisUrl),
    '',
    'rediss://default:password@redis.example.com:6379/0',
    'The Redis (6.2 or newer) that several instances share, with the same `COOKIE_SECRET` on all of them. Empty, and `REDIS_HOST` too: memory.',
    true,
  ),
  REDIS_HOST: variable(
    off.or(z.string().regex(/^[a-zA-Z0-9.:-]+$/, 'must be an IP address or a host name')),
    '',
    'redis.internal',
    'The same in parts: its host name or address, instead of `REDIS_URL`.',
  ),
  REDIS_PORT: variable(integer(1, 65_535), '6379', '6379', 'Its port, with `REDIS_HOST`.'),
  REDIS_PASSWORD: variable(
    off.or(z.string().max(1024)),
    '',
    'a-password-of-redis',
    'Its password, with `REDIS_HOST`.',
    true,
  ),
  REDIS_TLS: variable(
    z.enum(['true', 'false']).transform((value) => value === 'true'),
    'false',
    'true',
    'Whether it is spoken to by TLS, with `REDIS_HOST`.',
  ),
  REDIS_PREFIX: variable(
    z.string().regex(/^[\x21-\x7e]{1,100}$/, 'must be one word of at most 100 characters'),
    'daytona-proxy:',
    'daytona-proxy:',
    'What every key in Redis begins with; proxies that share nothing need a different one.',
  ),
} satisfies Record<string, Variable<unknown>>;

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
