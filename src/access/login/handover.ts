import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { BoundedCache } from '../../boundedCache.ts';
import { sameSecret } from '../../secrets.ts';
import type { SharedStore } from '../../store/sharedStore.ts';

/** The parameter of the sandbox's address that carries a code. */
export const codeName = 'DAYTONA_PROXY_CODE';

const codeMs = 30_000;
const mostCodes = 10_000;
const codeShape = /^[\w-]{32}$/;

const handover = z.object({
  /** The sandbox's host. */
  host: z.string(),
  /** Of the browser that began the login on that host. */
  browser: z.string(),
  sandboxId: z.string(),
  visitor: z.string(),
  login: z.string(),
});
/** A login that a sandbox's host may take over as a session of its own. */
export type Handover = Readonly<z.output<typeof handover>>;

/** One-time codes, because no cookie is shared between our own host and the sandboxes'. */
export class Handovers {
  readonly #open = new BoundedCache<Handover>(mostCodes);
  readonly #store: SharedStore | undefined;

  constructor(store?: SharedStore) {
    this.#store = store;
  }

  /** @returns a code that lives 30 s */
  async give(given: Handover): Promise<string> {
    const shared = newCode();
    if (await this.#store?.write(`code:${shared}`, given, codeMs)) return shared;
    // Another one: the first may yet turn up in the store, and a code must be in one place alone.
    const code = newCode();
    this.#open.set(code, given, codeMs);
    return code;
  }

  /** Takes a code, good or not, out of the world. */
  async take(
    code: string,
    host: string,
    browsers: readonly string[],
  ): Promise<Handover | undefined> {
    if (!codeShape.test(code)) return undefined;
    const own = this.#open.get(code);
    this.#open.delete(code);
    const found = own ?? (await this.#store?.take(`code:${code}`, handover));
    if (!found || found.host !== host) return undefined;
    return browsers.some((browser) => sameSecret(browser, found.browser)) ? found : undefined;
  }

  sweep(): void {
    this.#open.sweep();
  }
}

function newCode(): string {
  return randomBytes(24).toString('base64url');
}
