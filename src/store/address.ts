import { isIP } from 'node:net';
import type { Config } from '../config/config.ts';

/** Where Redis is, and who we are to it. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly tls: boolean;
}

type Named = Pick<
  Config,
  'REDIS_URL' | 'REDIS_HOST' | 'REDIS_PORT' | 'REDIS_PASSWORD' | 'REDIS_TLS'
>;

/** @returns undefined where no Redis is configured */
export function redisAddress(config: Named): RedisAddress | undefined {
  const { REDIS_URL: url, REDIS_HOST: host } = config;
  if (url) {
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? 6379 : Number(url.port),
      username: decodeURIComponent(url.username) || undefined,
      password: decodeURIComponent(url.password) || undefined,
      database: Number(url.pathname.slice(1)),
      tls: url.protocol === 'rediss:',
    };
  }
  if (host === undefined) return undefined;
  const { REDIS_PORT: port, REDIS_PASSWORD: password, REDIS_TLS: tls } = config;
  return { host, port, username: undefined, password, database: 0, tls };
}

/** What the client library wants to hear; many Redis by TLS on one address need their name said. */
export function clientOptions({ host, port, username, password, database, tls }: RedisAddress) {
  return {
    database,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    socket: tls
      ? { host, port, tls: true as const, ...(isIP(host) === 0 ? { servername: host } : {}) }
      : { host, port },
  };
}
