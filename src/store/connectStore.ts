import type { Config } from '../config/config.ts';
import { cookieSecrets } from '../config/cookieSecrets.ts';
import type { Log } from '../log/logger.ts';
import { Seals } from '../seals.ts';
import { redisAddress } from './address.ts';
import { Envelopes } from './envelope.ts';
import { SharedStore } from './sharedStore.ts';

/**
 * Connects to the Redis that several instances share. It need not be there: the log says so, and it
 * is found as soon as it is.
 *
 * @returns undefined where none is configured or nothing can be shared; nothing of Redis is loaded then
 */
export async function connectStore(config: Config, log: Log): Promise<SharedStore | undefined> {
  const address = redisAddress(config);
  const secrets = cookieSecrets(config);
  // Without a secret that all instances know, none could read what another one writes.
  if (!address || secrets.length === 0) return undefined;
  const { RedisLine } = await import('./redisLine.ts');
  const line = new RedisLine(address, config.REDIS_PREFIX, log);
  const envelopes = new Envelopes(new Seals(secrets), config.REDIS_PREFIX);
  await line.open();
  return new SharedStore(line, envelopes);
}
