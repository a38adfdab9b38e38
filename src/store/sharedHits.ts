import type { ClientRateLimitInfo, Options } from 'express-rate-limit';
import { type RedisReply, RedisStore } from 'rate-limit-redis';
import { isAhead } from '../limits/windows.ts';
import { remembered } from '../remembered.ts';
import type { Client } from './redisLine.ts';
import type { SharedStore } from './sharedStore.ts';

/** Hits of clients that all instances count together; who a client is cannot be read in Redis. */
export class SharedHits {
  readonly #store: SharedStore;
  readonly #windowMs: number;
  readonly #counts: RedisStore;
  readonly #nameOf: (client: string) => string;

  constructor(name: string, windowMs: number, store: SharedStore) {
    this.#store = store;
    this.#windowMs = windowMs;
    this.#nameOf = remembered((client) => store.envelopes.secretNameOf(name, client));
    let redis: Client | undefined;
    this.#counts = new RedisStore({
      prefix: '',
      sendCommand: async (...args) => {
        if (!redis) throw new Error('Redis was never up');
        return redis.sendCommand<RedisReply>(args);
      },
    });
    // A Redis that comes back may be another one, without the scripts.
    store.onReturn(() => {
      void store.line.ask((client) => {
        redis = client;
        return this.#counts.init({ windowMs } as Options);
      });
    });
  }

  /** @returns undefined where the store cannot say */
  increment(client: string): Promise<ClientRateLimitInfo | undefined> {
    return this.#readable(client, (name) => this.#counts.increment(name));
  }

  /** @returns undefined where the store cannot say */
  get(client: string): Promise<ClientRateLimitInfo | undefined> {
    return this.#readable(client, (name) => this.#counts.get(name));
  }

  async #readable(
    client: string,
    count: (name: string) => Promise<ClientRateLimitInfo | undefined>,
  ): Promise<ClientRateLimitInfo | undefined> {
    const name = this.#nameOf(client);
    const info = await this.#store.line.ask(() => count(name));
    // Of what is not there, or is no number, the library makes NaN.
    if (!info || !(info.totalHits >= 0 && Number.isFinite(info.resetTime?.getTime()))) {
      return undefined;
    }
    if (!isAhead(info, this.#windowMs)) return info;
    // Redis ends windows by its own machine's clock, which may be put back too.
    await this.#store.line.ask(() => this.#counts.resetKey(name));
    return undefined;
  }
}
