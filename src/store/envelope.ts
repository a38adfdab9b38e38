import { z } from 'zod';
import type { Seals } from '../seals.ts';
import { fingerprint } from '../secrets.ts';

const claims = z.object({ name: z.string(), value: z.unknown() });

/**
 * What stands in Redis: encrypted and authenticated, with its own name inside, so that an entry that
 * somebody else wrote, altered or moved is no entry. Names show their kind and a hash of the rest.
 */
export class Envelopes {
  readonly #seals: Seals;
  readonly #prefix: string;

  constructor(seals: Seals, prefix: string) {
    this.#seals = seals;
    this.#prefix = prefix;
  }

  /**
   * Where in Redis something stands.
   *
   * @param key a kind and what it is about: `person:{login}`; all behind the first colon is hashed
   */
  nameOf(key: string): string {
    const colon = key.indexOf(':');
    const kind = colon < 0 ? key : `${key.slice(0, colon)}:${fingerprint(key.slice(colon + 1))}`;
    return this.#prefix + kind;
  }

  /**
   * The same for what is easily guessed, such as an address: nobody finds it by trying hashes. While
   * secrets are being changed, two instances may name it differently.
   */
  secretNameOf(kind: string, text: string): string {
    return `${this.#prefix}${kind}:${this.#seals.tags('store', text)[0]}`;
  }

  /**
   * @param name told again when it is opened
   * @param expiresAt in ms since the epoch
   */
  seal(name: string, value: unknown, expiresAt: number): Promise<string> {
    // The end of a seal is a whole second, and must not come before its time.
    return this.#seals.seal('store', { name, value }, expiresAt + 999);
  }

  /** @returns undefined for what was not sealed by us under this name, is over, or has another shape */
  async open<T>(name: string, text: string, schema: z.ZodType<T>): Promise<T | undefined> {
    // Whatever somebody has put there must not end more than its own reading.
    const content = await this.#seals.open('store', text).catch(() => undefined);
    const opened = claims.safeParse(content).data;
    if (opened?.name !== name) return undefined;
    return schema.safeParse(opened.value).data;
  }
}
