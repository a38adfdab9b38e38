import { setTimeout as pause } from 'node:timers/promises';
import { createClient, ErrorReply } from '@redis/client';
import type { Log } from '../log/logger.ts';
import { clientOptions, type RedisAddress } from './address.ts';
import { late, within } from './deadline.ts';
import { tooOld } from './redisVersion.ts';

/** The longest that anybody waits for Redis. */
const deadlineMs = 250;
/** How often Redis is tried, whether or not anybody asks something of it. */
const beatMs = 1_000;
/** A start does not wait for it longer than this. */
const startMs = 1_000;
/** A connection on which nothing comes back for so long is given up. */
const patienceMs = 5_000;
const longestPauseMs = 2_000;
const mostRefusals = 20;

export type Status = 'up' | 'down';
export type Client = ReturnType<typeof connectionTo>;

/**
 * The connection to Redis: for commands, and for news from other instances, which RESP3 brings on
 * the same one. Whether it works is found out by writing something every second: a Redis that is
 * slow, full, read-only or gone is down, and nobody waits for it until it is back.
 */
export class RedisLine {
  readonly #address: RedisAddress;
  readonly #prefix: string;
  readonly #log: Log;
  readonly #onUp: (() => void)[] = [];
  readonly #refusals = new Set<string>();
  /** Told of every message of another instance, and of this one. */
  onNews: (text: string) => void = () => {};
  /** Only while it is up. */
  #client: Client | undefined;
  #lost = false;
  #saidOld = false;
  #closed = false;
  /** Ends what the connection waits for at this moment. */
  #interrupt = new AbortController();
  #firstWord: () => void = () => {};

  constructor(address: RedisAddress, prefix: string, log: Log) {
    this.#address = address;
    this.#prefix = prefix;
    this.#log = log;
  }

  /** Connects, now and for ever. Resolves once it is up or is known not to be, soon at any rate. */
  async open(): Promise<void> {
    const known = new Promise<void>((resolve) => {
      this.#firstWord = resolve;
    });
    void this.#keepOpen();
    if ((await within(known, startMs)) === late) this.#lose(slow(startMs));
  }

  get status(): Status {
    return this.#client ? 'up' : 'down';
  }

  /** @param listener told whenever it comes up, and at once where it is */
  onUp(listener: () => void): void {
    this.#onUp.push(listener);
    if (this.#client) listener();
  }

  /**
   * Asks something of Redis; never throws, and never takes longer than the deadline.
   *
   * @returns undefined where Redis cannot say
   */
  async ask<T>(question: (client: Client) => Promise<T>): Promise<T | undefined> {
    const client = this.#client;
    if (!client) return undefined;
    try {
      const answer = await within(question(client), deadlineMs);
      if (answer !== late) return answer;
      this.#lose(slow(deadlineMs), client);
    } catch (error) {
      // What Redis says of one entry is no word on all others.
      if (error instanceof ErrorReply) this.#tellRefusal(error);
      else this.#lose(error, client);
    }
    return undefined;
  }

  tell(text: string): Promise<number | undefined> {
    return this.ask((client) => client.publish(this.#channel, text));
  }

  close(): void {
    this.#closed = true;
    this.#client = undefined;
    this.#interrupt.abort(new Error('closed'));
  }

  get #channel(): string {
    return `${this.#prefix}news`;
  }

  async #keepOpen(): Promise<void> {
    for (let failures = 0; !this.#closed; failures++) {
      const client = connectionTo(this.#address);
      const interrupt = new AbortController();
      this.#interrupt = interrupt;
      client.on('error', (cause) => interrupt.abort(cause));
      // Nothing waits any more for what will not come.
      interrupt.signal.addEventListener('abort', () => client.destroy(), { once: true });
      try {
        await this.#use(client, interrupt.signal, () => {
          failures = 0;
        });
      } catch (cause) {
        if (!this.#closed) this.#lose(interrupt.signal.reason ?? cause);
      } finally {
        client.destroy();
      }
      this.#interrupt = new AbortController();
      // Instances that lost it together do not come back in step.
      const most = Math.min(longestPauseMs, 100 * 2 ** failures);
      const ms = most * (0.5 + Math.random() / 2);
      if (!this.#closed) await sleep(ms, this.#interrupt.signal).catch(() => {});
    }
  }

  /** @throws what ends the connection */
  async #use(client: Client, broken: AbortSignal, works: () => void): Promise<void> {
    // The library waits for some steps for ever where the connection breaks meanwhile.
    const interrupted = new Promise<never>((_, reject) => {
      broken.addEventListener('abort', () => reject(broken.reason), { once: true });
    });
    await patiently(Promise.race([client.connect(), interrupted]));
    void this.#checkVersion(client);
    const listening = client.subscribe(this.#channel, (text) => this.onNews(text));
    await patiently(Promise.race([listening, interrupted]));
    for (;;) {
      const beat = client.set(`${this.#prefix}beat`, '', { PX: 10 * beatMs });
      if ((await within(beat, deadlineMs)) === late) {
        this.#lose(slow(deadlineMs));
        await patiently(beat); // Once it answers it is tried again: the next answer has to be quick.
      } else {
        works();
        this.#gain(client);
        await sleep(beatMs, broken);
      }
    }
  }

  /** Says it once; nothing waits for it, and whoever may not ask (ACL) is not told. */
  async #checkVersion(client: Client): Promise<void> {
    const info = await client.info('server').catch(() => '');
    const version = tooOld(info);
    if (version === undefined || this.#saidOld) return;
    this.#saidOld = true;
    this.#log('error', 'store.old', { version });
  }

  #gain(client: Client): void {
    this.#firstWord();
    if (this.#client === client || this.#closed) return;
    this.#client = client;
    if (this.#lost) this.#log('info', 'store.back');
    this.#lost = false;
    for (const listener of this.#onUp) listener();
  }

  /** Once for each time that it goes: what fails after that is no news. */
  #lose(cause: unknown, client = this.#client): void {
    this.#firstWord();
    if (this.#client !== client) return; // Told late of one that is lost already.
    this.#client = undefined;
    if (!this.#lost) this.#log('warn', 'store.lost', { cause: sayCause(cause) });
    else if (cause instanceof ErrorReply) this.#tellRefusal(cause);
    this.#lost = true;
  }

  /** Once for each kind: a wrong password, a command that an ACL forbids, an entry of others. */
  #tellRefusal(error: Error): void {
    const kind = error.message.split(' ', 1)[0] ?? '';
    if (this.#refusals.has(kind) || this.#refusals.size >= mostRefusals) return;
    this.#refusals.add(kind);
    this.#log('warn', 'store.refused', { cause: sayCause(error) });
  }
}

/** Reconnecting is ours to do: the library cannot know of a connection that is only silent. */
function connectionTo(address: RedisAddress) {
  const { socket, ...options } = clientOptions(address);
  return createClient({
    ...options,
    RESP: 3,
    disableOfflineQueue: true,
    commandsQueueMaxLength: 10_000,
    maintNotifications: 'disabled',
    name: 'daytona-proxy',
    socket: { ...socket, reconnectStrategy: false, connectTimeout: longestPauseMs },
  });
}

/** @throws Error where it takes so long that nothing will come of it any more */
async function patiently(work: Promise<unknown>): Promise<void> {
  if ((await within(work, patienceMs)) === late) throw slow(patienceMs);
}

/** Keeps no process alive. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return pause(ms, undefined, { ref: false, signal });
}

function slow(ms: number): Error {
  return new Error(`no answer within ${ms} ms`);
}

/** A name with several addresses fails with an error for each, and none of its own. */
function sayCause(cause: unknown): string {
  const errors: unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  const said = errors.map((error) => (error instanceof Error ? error.message : String(error)));
  return said.join('; ').slice(0, 300);
}
