import { randomBytes } from 'node:crypto';
import { BoundedCache } from '../../boundedCache.ts';
import { sameSecret } from '../../secrets.ts';

/** The parameter of the sandbox's address that carries a code. */
export const codeName = 'DAYTONA_PROXY_CODE';

const codeMs = 30_000;
const mostCodes = 10_000;

/** A login that a sandbox's host may take over as a session of its own. */
export interface Handover {
  readonly host: string;
  /** Of the browser that began the login on that host. */
  readonly browser: string;
  readonly sandboxId: string;
  readonly visitor: string;
  readonly login: string;
}

/** One-time codes, because no cookie is shared between our own host and the sandboxes'. */
export class Handovers {
  readonly #open = new BoundedCache<Handover>(mostCodes);

  /** @returns a code that lives 30 s */
  give(handover: Handover): string {
    const code = randomBytes(24).toString('base64url');
    this.#open.set(code, handover, codeMs);
    return code;
  }

  /** Takes a code, good or not, out of the world. */
  take(code: string, host: string, browsers: readonly string[]): Handover | undefined {
    const found = this.#open.get(code);
    this.#open.delete(code);
    if (!found || found.host !== host) return undefined;
    return browsers.some((browser) => sameSecret(browser, found.browser)) ? found : undefined;
  }

  sweep(): void {
    this.#open.sweep();
  }
}
