import type { SharedStore } from '../store/sharedStore.ts';
import type { Instance } from './instance.ts';
import { received, type Summary, sendable, sentSummary } from './summary.ts';

/** How often each instance tells of itself. */
const beatMs = 5_000;
/** An instance that has not been heard of for so long is gone. */
const ttlMs = 3 * beatMs;
/** The list of instances ends with the last of them. */
const listedMs = 86_400_000;
/** Longer than any clock is wrong. */
const skewMs = 300_000;
/** More than these are not shown. */
const mostInstances = 50;

const uuid = /^[\da-f-]{36}$/;

/**
 * What all instances over one store tell of themselves: each writes its summary under a key that
 * ends with it, and its id into one list. Where the store is away, everybody is alone.
 */
export class Instances {
  readonly #own: Instance;
  readonly #store: SharedStore | undefined;
  readonly #list: string;
  readonly #beat: NodeJS.Timeout;
  /** What the others have told, and when that was read: none of them says more than once a beat. */
  #others: Promise<Summary[]> = Promise.resolve([]);
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(own: Instance, store: SharedStore | undefined) {
    this.#own = own;
    this.#store = store;
    this.#list = store?.envelopes.nameOf('instances') ?? '';
    this.#beat = setInterval(() => {
      own.look();
      void this.#tell();
    }, beatMs).unref();
    store?.onReturn(() => void this.#tell());
  }

  /** This instance first, then all others by name. */
  async summaries(): Promise<Summary[]> {
    const store = this.#store;
    if (!store || store.status() === 'down') return [this.#own.summary()];
    const now = performance.now();
    if (now - this.#readAt >= beatMs) {
      this.#readAt = now;
      this.#others = this.#read(store);
    }
    const others = await this.#others;
    return [this.#own.summary(), ...others];
  }

  async #read(store: SharedStore): Promise<Summary[]> {
    const now = Date.now();
    // By time, and not by rank: an entry of the far future is nobody's, and must hide nobody.
    const listed = await store.line.ask((client) =>
      client.zRange(this.#list, now + skewMs, now - ttlMs - skewMs, {
        BY: 'SCORE',
        REV: true,
        LIMIT: { offset: 0, count: mostInstances },
      }),
    );
    const others = (listed ?? []).filter((id) => id !== this.#own.id && uuid.test(id));
    const sent = await Promise.all(others.map((id) => store.read(keyOf(id), sentSummary)));
    const living = sent.flatMap((one) => (one ? received(one) : []));
    return living.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Takes this instance off the list. */
  async close(): Promise<void> {
    clearInterval(this.#beat);
    const store = this.#store;
    if (!store) return;
    await store.line.ask((client) => client.zRem(this.#list, this.#own.id));
    await store.line.ask((client) => client.del(store.envelopes.nameOf(keyOf(this.#own.id))));
  }

  async #tell(): Promise<void> {
    const store = this.#store;
    if (!store || store.status() === 'down') return;
    const { id } = this.#own;
    const now = Date.now();
    await store.write(keyOf(id), sendable(this.#own.summary()), ttlMs);
    await store.line.ask((client) =>
      Promise.all([
        client.zAdd(this.#list, { score: now, value: id }),
        client.zRemRangeByScore(this.#list, '-inf', now - ttlMs - skewMs),
        client.zRemRangeByScore(this.#list, now + skewMs, '+inf'),
        client.pExpire(this.#list, listedMs),
      ]),
    );
  }
}

function keyOf(id: string): string {
  return `instance:${id}`;
}
