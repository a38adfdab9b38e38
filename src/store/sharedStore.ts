import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { Envelopes } from './envelope.ts';
import type { RedisLine, Status } from './redisLine.ts';

/** Which store serves, as the ops pages tell it. */
export type Serving = 'memory' | 'redis' | 'memory (redis is down)';

/**
 * What several instances share, in Redis. Everything settles within a quarter of a second and nothing
 * throws: where Redis is gone, slow or wrong the answer is "don't know" (undefined), and whoever asks
 * goes on by what he knows himself. Keys are a kind and what it is about, `person:{login}`; neither
 * they nor the values can be read in Redis, and what we did not write there is never believed.
 */
export class SharedStore {
  readonly line: RedisLine;
  readonly envelopes: Envelopes;
  readonly #listeners = new Map<string, (text: string) => void>();
  /** What Redis did not hear of being removed: one that was only out of reach has it still. */
  readonly #owed = new Set<string>();

  constructor(line: RedisLine, envelopes: Envelopes) {
    this.line = line;
    this.envelopes = envelopes;
    line.onNews = (text) => {
      const topic = text.slice(0, text.indexOf(' '));
      this.#listeners.get(topic)?.(text.slice(topic.length + 1));
    };
    // Ahead of all other listeners, and so of whatever is read on that connection.
    line.onUp(() => void this.remove(...this.#owed));
  }

  /** @returns undefined where there is nothing, or nothing that can be believed */
  async read<T>(key: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const text = await this.line.ask((client) => client.get(this.envelopes.nameOf(key)));
    return text ? this.envelopes.open(key, text, schema) : undefined;
  }

  /** @returns true once it is written; else it may or may not be there some time */
  async write(key: string, value: unknown, ttlMs: number): Promise<boolean> {
    if (this.status() === 'down') return false;
    const text = await this.envelopes.seal(key, value, Date.now() + ttlMs);
    const name = this.envelopes.nameOf(key);
    const done = await this.line.ask((client) => client.set(name, text, { PX: whole(ttlMs) }));
    return done === 'OK';
  }

  /** Reads what only one may ever have, and removes it. */
  async take<T>(key: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const text = await this.line.ask((client) => client.getDel(this.envelopes.nameOf(key)));
    return text ? this.envelopes.open(key, text, schema) : undefined;
  }

  /**
   * Claims something for this instance, until the time is over or it is removed.
   *
   * @returns true where it is ours now, false where it is somebody's already
   */
  async claim(key: string, ttlMs: number): Promise<boolean | undefined> {
    const name = this.envelopes.nameOf(key);
    const options = { PX: whole(ttlMs), NX: true } as const;
    const answer = await this.line.ask((client) => client.set(name, '', options));
    return answer === undefined ? undefined : answer === 'OK';
  }

  /**
   * Gives a random word that is the same for all instances; once it is removed, or its time is over,
   * there is another one. Nothing seals it: whoever changes it in Redis has things asked anew, and by
   * an earlier word has believed again what was kept with that.
   */
  async word(key: string, ttlMs: number): Promise<string | undefined> {
    const name = this.envelopes.nameOf(key);
    const options = { PX: whole(ttlMs), NX: true } as const;
    const answers = await this.line.ask((client) =>
      Promise.all([client.set(name, randomUUID(), options), client.get(name)]),
    );
    return answers?.[1] ?? undefined;
  }

  /** Where Redis is away, they are removed when it is back. */
  async remove(...keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    for (const key of keys) this.#owed.delete(key);
    const names = keys.map((key) => this.envelopes.nameOf(key));
    if ((await this.line.ask((client) => client.del(names))) !== undefined) return;
    for (const key of keys) this.#owed.add(key);
    for (const oldest of this.#owed) {
      if (this.#owed.size <= mostOwed) break;
      this.#owed.delete(oldest);
    }
  }

  /** Tells all instances, this one too; who is not connected at this moment does not hear of it. */
  async publish(topic: string, message: unknown): Promise<void> {
    if (this.status() === 'down') return;
    const sealed = await this.envelopes.seal(newsOf(topic), message, Date.now() + newsMs);
    await this.line.tell(`${topic} ${sealed}`);
  }

  /** @param topic one word, with one listener */
  subscribe<T>(topic: string, schema: z.ZodType<T>, listener: (message: T) => void): void {
    this.#listeners.set(topic, async (text) => {
      const message = await this.envelopes.open(newsOf(topic), text, schema);
      if (message !== undefined) listener(message);
    });
  }

  /** @param listener told whenever Redis comes up, and at once where it is */
  onReturn(listener: () => void): void {
    this.line.onUp(listener);
  }

  status(): Status {
    return this.line.status;
  }

  close(): void {
    this.line.close();
  }
}

/** What is forgotten beyond that heals as in a proxy without Redis: when it turns out to be wrong. */
const mostOwed = 10_000;
/** Longer than any clock is wrong; news that come again do no harm. */
const newsMs = 300_000;

function newsOf(topic: string): string {
  return `news:${topic}`;
}

function whole(ms: number): number {
  return Math.max(1, Math.round(ms));
}

/** Says which store serves; `/health`, `/stats` and `/ready` ask. */
export function servingStore(store: SharedStore | undefined): Serving {
  if (!store) return 'memory';
  return store.status() === 'up' ? 'redis' : 'memory (redis is down)';
}
