import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { addressOf, type Exchange } from '../../exchange.ts';
import { splitHost } from '../../host/parse.ts';
import { ProxyError } from '../../replies/errors.ts';
import type { Seals } from '../../seals.ts';
import { sameSecret } from '../../secrets.ts';
import type { SharedStore } from '../../store/sharedStore.ts';
import { cookieName, cookiesNamed, setCookie } from '../cookies.ts';
import type { Revocations } from '../revocations.ts';
import { codeName, type Handover, Handovers } from './handover.ts';
import { People } from './people.ts';
import type { Pending, Person, Provider } from './provider.ts';
import { isReturnable, returnAddress, withParameter } from './returnPath.ts';
import { UsedStates } from './usedStates.ts';

/** How long a person may take over a login. */
const patienceMs = 600_000;
/** Sessions in use go on and on; what ends them must not be forgotten before. */
const accountMs = 30 * 86_400_000;

/** Where somebody wants to go: sealed on the sandbox's host, opened on ours. */
const destination = z.object({
  host: z.string(),
  target: z.string(),
  proto: z.enum(['http', 'https']),
  sandbox: z.string(),
  port: z.number(),
  browser: z.string(),
});
export type Destination = z.output<typeof destination>;

const state = z.object({
  jti: z.string(),
  to: destination,
  browser: z.string(),
  codeVerifier: z.string(),
  nonce: z.string(),
});

export interface LoginParts {
  readonly provider: Provider;
  readonly seals: Seals;
  readonly revocations: Revocations;
  readonly sessionTtlMs: number;
  /** With it any instance may serve any step of a login. */
  readonly store: SharedStore | undefined;
  readonly domains: readonly string[];
  /** Told of every login that came to an end, good or not. */
  readonly attempt: (exchange: Exchange, sandbox: string, good: boolean) => void;
  /** Decides on a person, and gives Daytona's id of the sandbox that he may enter. */
  readonly admit: (person: Person, to: Destination) => Promise<string | undefined>;
}

/** An answer that sends the browser on. */
export interface Step {
  readonly location: string;
  readonly cookies: readonly string[];
}

export interface LoggedOut {
  /** False where this browser had no login. */
  readonly any: boolean;
  readonly cookie: string;
}

/** The way of a login: sandbox's host, our host, provider, our host, sandbox's host. */
export class Logins {
  readonly #parts: LoginParts;
  readonly #handovers: Handovers;
  readonly #usedStates: UsedStates;
  readonly #people: People;

  constructor(parts: LoginParts) {
    this.#parts = parts;
    this.#handovers = new Handovers(parts.store);
    this.#usedStates = new UsedStates(patienceMs, parts.store);
    this.#people = new People(parts.sessionTtlMs, parts.store);
  }

  /** On the sandbox's host: marks the browser, and sends it to ours. */
  async begin(req: IncomingMessage, exchange: Exchange): Promise<Step> {
    const { visitor, target } = exchange;
    const { id, port } = addressOf(exchange);
    const { host, proto } = visitor;
    const browser = browsersOf(req, proto)[0] ?? newSecret();
    const to: Destination = {
      host,
      proto,
      target: isReturnable(target) ? target : '/',
      sandbox: id,
      port,
      browser,
    };
    const sealed = await this.#parts.seals.seal('login', { to }, Date.now() + patienceMs);
    return {
      location: `${proto}://${this.#ownHost(host)}/login?to=${sealed}`,
      cookies: [browserCookie(browser, proto)],
    };
  }

  /** On our host: to the sandbox at once where the browser has logged in before, or to the provider. */
  async enter(req: IncomingMessage, exchange: Exchange, sealed: string): Promise<Step> {
    const { visitor } = exchange;
    const opened = await this.#parts.seals.open('login', sealed);
    const to = destination.safeParse(opened?.to).data;
    if (!to) throw new ProxyError('LOGIN_FAILED');
    for (const login of await this.#loginsOf(req, visitor.proto)) {
      const person = await this.#people.of(login);
      // Who may not enter may by now be somebody else, or have a newer token: the provider knows.
      const location = person && (await this.#handOver(exchange, person, login, to));
      if (location) return { location, cookies: [] };
    }
    const { proto, host } = visitor;
    const browser = browsersOf(req, proto)[0] ?? newSecret();
    const redirectUri = `${proto}://${host}/callback`;
    const stateOf = (pending: Pending) => {
      const claims = { jti: newSecret(), to, browser, ...pending };
      return this.#parts.seals.seal('state', claims, Date.now() + patienceMs);
    };
    const location = await this.#parts.provider.begin(redirectUri, stateOf).catch((cause) => {
      throw new ProxyError('LOGIN_UNAVAILABLE', { cause, retryAfter: 5 });
    });
    if (!location) throw new ProxyError('LOGIN_REQUIRED');
    return { location: location.href, cookies: [browserCookie(browser, proto)] };
  }

  /** On our host, with the provider's answer: to the sandbox, with a code. */
  async finish(req: IncomingMessage, exchange: Exchange): Promise<Step> {
    const { visitor, target } = exchange;
    const { proto, host } = visitor;
    const callback = new URL(returnAddress(proto, host, target));
    const sealed = callback.searchParams.get('state') ?? '';
    const pending = state.safeParse(await this.#parts.seals.open('state', sealed)).data;
    if (!pending) throw new ProxyError('LOGIN_FAILED');
    const ours = browsersOf(req, proto).some((value) => sameSecret(value, pending.browser));
    if (!ours || !(await this.#usedStates.use(pending.jti))) throw new ProxyError('LOGIN_FAILED');
    let person: Person;
    try {
      person = await this.#parts.provider.finish(callback, sealed, pending);
    } catch (cause) {
      this.#parts.attempt(exchange, pending.to.sandbox, false);
      throw new ProxyError('LOGIN_FAILED', { cause });
    }
    // One login of a person in a browser, whatever the number of tabs: one logout ends it.
    const login = (await this.#earlierLogin(req, proto, person)) ?? newSecret();
    await this.#people.add(login, person);
    const location = await this.#handOver(exchange, person, login, pending.to);
    if (location === undefined) throw new ProxyError('NOT_A_MEMBER');
    const account = await this.#parts.seals.seal('account', { login }, Date.now() + accountMs);
    return { location, cookies: [accountCookie(account, accountMs, proto)] };
  }

  /** On the sandbox's host, with a code; undefined where it is not this browser's. */
  redeem(req: IncomingMessage, { visitor }: Exchange, code: string): Promise<Handover | undefined> {
    return this.#handovers.take(code, visitor.host, browsersOf(req, visitor.proto));
  }

  /** On our host: ends this browser's sessions on all sandboxes. */
  async logOut(req: IncomingMessage, { visitor }: Exchange): Promise<LoggedOut> {
    const logins = await this.#loginsOf(req, visitor.proto);
    for (const login of logins) {
      await this.#parts.revocations.add(login, Date.now() + this.#parts.sessionTtlMs);
      await this.#people.remove(login);
    }
    return { any: logins.length > 0, cookie: accountCookie('', 0, visitor.proto) };
  }

  sweep(): void {
    this.#handovers.sweep();
    this.#usedStates.sweep();
    this.#people.sweep();
  }

  /** @returns undefined where the person may not enter */
  async #handOver(
    exchange: Exchange,
    person: Person,
    login: string,
    to: Destination,
  ): Promise<string | undefined> {
    const { host, proto, browser } = to;
    const sandboxId = await this.#parts.admit(person, to);
    this.#parts.attempt(exchange, to.sandbox, sandboxId !== undefined);
    if (sandboxId === undefined) return undefined;
    const visitor = person.email ?? person.subject;
    const code = await this.#handovers.give({ host, browser, sandboxId, visitor, login });
    return returnAddress(proto, host, withParameter(to.target, codeName, code));
  }

  async #earlierLogin(
    req: IncomingMessage,
    proto: 'http' | 'https',
    { subject }: Person,
  ): Promise<string | undefined> {
    for (const login of await this.#loginsOf(req, proto)) {
      if ((await this.#people.of(login))?.subject === subject) return login;
    }
    return undefined;
  }

  async #loginsOf(req: IncomingMessage, proto: 'http' | 'https'): Promise<string[]> {
    const values = cookiesNamed(req.headers.cookie, cookieName(accountName, proto)).slice(0, 4);
    const opened = await Promise.all(values.map((text) => this.#parts.seals.open('account', text)));
    return opened.flatMap((claims) =>
      typeof claims?.login === 'string' && !this.#parts.revocations.has(claims.login)
        ? claims.login
        : [],
    );
  }

  /** Our own host beside a sandbox's: the same domain, on the same port. */
  #ownHost(host: string): string {
    const { name, port } = splitHost(host);
    const domain = this.#parts.domains.find((known) => name.endsWith(`.${known}`));
    if (domain === undefined) throw new ProxyError('LOGIN_REQUIRED');
    return domain + port;
  }
}

function newSecret(): string {
  return randomBytes(16).toString('base64url');
}

const browserName = 'daytona-proxy-browser';
const accountName = 'daytona-proxy-account';

function browsersOf(req: IncomingMessage, proto: 'http' | 'https'): string[] {
  return cookiesNamed(req.headers.cookie, cookieName(browserName, proto))
    .filter((value) => /^[\w-]{22}$/.test(value))
    .slice(0, 4);
}

function browserCookie(value: string, proto: 'http' | 'https'): string {
  return setCookie(browserName, value, { proto, seconds: patienceMs / 1000 });
}

function accountCookie(value: string, ms: number, proto: 'http' | 'https'): string {
  return setCookie(accountName, value, { proto, seconds: ms / 1000 });
}
