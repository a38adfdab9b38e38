import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { cookieName, cookiesNamed, setCookie } from '../access/cookies.ts';
import { ownOrigin } from '../access/crossSite.ts';
import type { Failures } from '../access/failures.ts';
import type { Visitor } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import { bearerOf, isMachineItself } from '../replies/ops.ts';
import type { Seals } from '../seals.ts';
import { fingerprint, sameSecret } from '../secrets.ts';
import type { Observer } from '../telemetry/observer.ts';

/** Below `daytona-proxy`, so that no sandbox sees the cookie or sets it. */
const name = 'daytona-proxy-stats';
const sessionMs = 12 * 3_600_000;
/** A header that no form and no page of another origin can send. */
const actionHeader = 'x-stats-action';

const claims = z.object({ host: z.string(), token: z.string(), exp: z.number() });

/** By what somebody may look, and until when, in ms since the epoch. */
export interface Admission {
  readonly by: 'bearer' | 'machine' | 'cookie';
  readonly until: number;
}

export interface DoorParts {
  /** STATS_TOKEN; without it only the machine itself gets in. */
  readonly token: string | undefined;
  readonly seals: Seals;
  readonly failures: Failures;
  readonly observer: Pick<Observer, 'attempt'>;
}

/**
 * Who may look at the page for operators and the figures beside it, and who may change something
 * there. Where a token is set, nobody is let in without it: from this machine comes whoever a front
 * proxy speaks for.
 */
export class Door {
  readonly #parts: DoorParts;

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  /** True where somebody who is not let in may show the token in a form. */
  get hasForm(): boolean {
    return this.#parts.token !== undefined;
  }

  /** @throws ProxyError TOO_MANY_FAILURES */
  async admit(req: IncomingMessage): Promise<Admission | undefined> {
    const { token } = this.#parts;
    const until = Number.POSITIVE_INFINITY;
    if (token === undefined) return isMachineItself(req) ? { by: 'machine', until } : undefined;
    // Before a bearer: a front may put one of its own on everything.
    const admission = await this.#byCookie(req, token);
    const bearer = bearerOf(req);
    if (admission || bearer === undefined) return admission;
    return (await this.#isToken(req, token, () => bearer)) ? { by: 'bearer', until } : undefined;
  }

  /** @throws ProxyError UNAUTHORIZED or TOO_MANY_FAILURES where somebody may not look */
  async require(req: IncomingMessage): Promise<Admission> {
    const admission = await this.admit(req);
    if (!admission) throw new ProxyError('UNAUTHORIZED');
    return admission;
  }

  /**
   * Lets in who may change something. A browser sends its cookie, or comes from the machine itself,
   * whichever page had it ask: so it has to say that it was our own. All sandboxes' hosts are the
   * same site as ours, so that SameSite alone does not.
   *
   * @throws ProxyError UNAUTHORIZED, TOO_MANY_FAILURES or CROSS_SITE
   */
  async requireChange(req: IncomingMessage): Promise<void> {
    const { by } = await this.require(req);
    if (by === 'bearer') return;
    const byScript = req.method !== 'POST';
    if (byScript && req.headers[actionHeader] === undefined) throw new ProxyError('CROSS_SITE');
    if (isOwnPage(req) || (byScript && isNoBrowser(req))) return;
    throw new ProxyError('CROSS_SITE');
  }

  /**
   * Takes the token that somebody has put into the form.
   *
   * @param read reads the form, once it is known that it is ours
   * @returns a Set-Cookie value; undefined where that was not the token
   * @throws ProxyError TOO_MANY_FAILURES, and CROSS_SITE where it was not our form
   */
  async logIn(req: IncomingMessage, read: () => Promise<string>): Promise<string | undefined> {
    const { token, seals } = this.#parts;
    const { visitor } = req.exchange;
    if (!isOwnPage(req)) throw new ProxyError('CROSS_SITE');
    if (token === undefined) throw new ProxyError('UNAUTHORIZED');
    if (!(await this.#isToken(req, token, read))) return undefined;
    const content = { host: visitor.host, token: fingerprint(token) };
    const value = await seals.seal('stats', content, Date.now() + sessionMs);
    return cookie(value, visitor, sessionMs / 1000);
  }

  /** @returns a Set-Cookie value */
  logOut(req: IncomingMessage): string {
    if (!isOwnPage(req)) throw new ProxyError('CROSS_SITE');
    return cookie('', req.exchange.visitor, 0);
  }

  /**
   * Looks at what somebody shows as the token, unless its network has failed too often. Failures are
   * counted apart from those at sandboxes, whose visitors may come from the operator's network.
   */
  async #isToken(
    { exchange }: IncomingMessage,
    token: string,
    show: () => string | Promise<string>,
  ): Promise<boolean> {
    const { failures, observer } = this.#parts;
    const network = `stats ${exchange.visitor.network}`;
    const wait = await failures.waitFor(network);
    if (wait !== undefined) throw new ProxyError('TOO_MANY_FAILURES', { retryAfter: wait });
    const good = sameSecret(await show(), token);
    observer.attempt('stats', good);
    if (!good) await failures.note(network);
    return good;
  }

  /**
   * A cookie is good on its own host, and for the token that was shown for it. Anybody can send a head
   * full of forged ones, and to open each of them would cost as much as hundreds of requests.
   */
  async #byCookie(req: IncomingMessage, token: string): Promise<Admission | undefined> {
    const { proto, host } = req.exchange.visitor;
    for (const value of cookiesNamed(req.headers.cookie, cookieName(name, proto)).slice(0, 4)) {
      const { data } = claims.safeParse(await this.#parts.seals.open('stats', value));
      if (data?.host !== host || !sameSecret(data.token, fingerprint(token))) continue;
      return { by: 'cookie', until: data.exp * 1000 };
    }
    return undefined;
  }
}

/** True for what a page of this very host asks for, by a browser's own word. */
function isOwnPage({ headers, exchange }: IncomingMessage): boolean {
  const { origin, 'sec-fetch-site': site } = headers;
  if (site !== undefined) return site === 'same-origin';
  return origin?.toLowerCase() === ownOrigin(exchange.visitor);
}

/** Every browser says one of the two with a request that is not a plain GET. */
function isNoBrowser({ headers }: IncomingMessage): boolean {
  return headers.origin === undefined && headers['sec-fetch-site'] === undefined;
}

/** True where another page, or a sandbox's, is behind a request that only reads. */
export function isOthersDoing({ headers }: IncomingMessage): boolean {
  return /^(?:cross|same)-site$/.test(String(headers['sec-fetch-site'] ?? ''));
}

function cookie(value: string, { proto }: Visitor, seconds: number): string {
  return setCookie(name, value, { proto, seconds, strict: true });
}
