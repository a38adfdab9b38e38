import { z } from 'zod';
import type { Log } from '../log/logger.ts';
import { fingerprint } from '../secrets.ts';
import type { SharedStore } from '../store/sharedStore.ts';
import { type Ending, ending, type Revocations } from './revocations.ts';

const topic = 'ended';
const pageSize = 200;
/** More fields than this are not ours; the bound of each instance is below it. */
const mostFields = 200_000;
/** Longer than anything can live that can be ended. */
const keepMs = 31 * 86_400_000;

/**
 * What any instance has ended, ended on all. Each of them holds all of it in memory, so that a
 * request waits for nobody; Redis is where they meet. They tell each other at once, and whenever
 * Redis comes back, or a minute is over, each writes what is missing there and takes over what it
 * did not know: a Redis that has lost everything learns it anew.
 */
export class SharedRevocations {
  readonly #store: SharedStore;
  readonly #revocations: Revocations;
  readonly #log: Log;
  /** A hash: a field for each ending, by its time and a hash of its id, sealed under that name. */
  readonly #name: string;
  #last = Promise.resolve();

  constructor(store: SharedStore, revocations: Revocations, log: Log) {
    this.#store = store;
    this.#revocations = revocations;
    this.#log = log;
    this.#name = store.envelopes.nameOf(topic);
  }

  /** Begins to share; resolves once all that others have ended is known, if Redis is there. */
  async join(): Promise<void> {
    // In this order: what is written behind the reading is told to who listens already.
    this.#store.subscribe(topic, z.array(ending), (endings) => this.#learn(endings));
    this.#revocations.shareBy((one) => this.#share([one]));
    this.#store.onReturn(() => void this.reconcile());
    await this.#last;
  }

  /** Brings both sides to the same knowledge; where Redis fails meanwhile, its return does it. */
  reconcile(): Promise<void> {
    this.#last = this.#last.then(() => this.#reconcile());
    return this.#last;
  }

  async #reconcile(): Promise<void> {
    const missing = new Map(this.#revocations.living().map((one) => [fieldOf(one), one]));
    const over: string[] = [];
    let cursor = '0';
    let seen = 0;
    do {
      const page = await this.#store.line.ask((client) =>
        client.hScan(this.#name, cursor, { COUNT: pageSize }),
      );
      if (!page) return;
      const found: Ending[] = [];
      for (const { field, value } of page.entries) {
        const one = await this.#open(field, value);
        if (one) {
          found.push(one);
          missing.delete(field);
        } else if (!(Number.parseInt(field, 10) > Date.now())) over.push(field);
      }
      await this.#learn(found);
      cursor = page.cursor;
      seen += page.entries.length;
    } while (cursor !== '0' && seen < mostFields);
    for (const page of pagesOf(over)) {
      await this.#store.line.ask((client) => client.hDel(this.#name, page));
    }
    for (const page of pagesOf([...missing.values()])) await this.#share(page);
  }

  /** Writes first, then tells: whoever does not hear it reads it when it comes back. */
  async #share(endings: readonly Ending[]): Promise<void> {
    if (this.#store.status() === 'down') return;
    const fields = await Promise.all(endings.map((one) => this.#seal(one)));
    await this.#store.line.ask((client) =>
      Promise.all([
        client.hSet(this.#name, Object.fromEntries(fields)),
        client.pExpire(this.#name, keepMs),
      ]),
    );
    await this.#store.publish(topic, endings);
  }

  async #seal(one: Ending): Promise<[field: string, text: string]> {
    const field = fieldOf(one);
    return [field, await this.#store.envelopes.seal(sealName(field), one, one.until)];
  }

  #open(field: string, text: string): Promise<Ending | undefined> {
    return this.#store.envelopes.open(sealName(field), text, ending);
  }

  async #learn(endings: readonly Ending[]): Promise<void> {
    // They hold here and now, even if a full disk keeps them from being written down.
    await this.#revocations.learn(endings).catch((error: Error) => {
      this.#log('error', 'state.failed', { cause: error.message });
    });
  }
}

function fieldOf({ id, until }: Ending): string {
  return `${until}.${fingerprint(id)}`;
}

function sealName(field: string): string {
  return `${topic}:${field}`;
}

function pagesOf<T>(all: readonly T[]): T[][] {
  const pages: T[][] = [];
  for (let at = 0; at < all.length; at += pageSize) pages.push(all.slice(at, at + pageSize));
  return pages;
}
