import type { SandboxAddress } from '../exchange.ts';
import { asProxyError } from '../replies/errors.ts';
import { fingerprint } from '../secrets.ts';
import type { Credentials } from './credentials.ts';
import type { ReadSession, Sessions, Share } from './session.ts';
import { Shares } from './shares.ts';
import type { TokenCheck } from './tokens.ts';
import { Verdicts } from './verdicts.ts';

export type Method = 'bearer' | 'token' | 'key' | 'share' | 'session' | 'signed';

/** A visitor whose credential is good. */
export interface Admission {
  readonly method: Method;
  /** Daytona's id of the sandbox that the credential is good for. */
  readonly sandboxId: string;
  /** Named in the log. */
  readonly visitor: string;
  /** The session that the request came with. */
  readonly session?: ReadSession;
  /** What the visitor's link allows, where it came by one. */
  readonly share?: Share | undefined;
}

/** What the gatekeeper has to ask others; `access.ts` joins it to Daytona. */
export interface AccessQuestions {
  /** Daytona's id of the sandbox that the host names. */
  idOf(address: SandboxAddress, client: string): Promise<string>;
  /** Which sandbox a preview token opens. */
  opens: TokenCheck;
  /** Whether Daytona lets the holder of a key or a JWT see a sandbox. */
  mayAccess(sandboxId: string, bearer: string): Promise<boolean>;
  /** What the key of a share link opens, if it opens this port. */
  shareOf(key: string, address: SandboxAddress): Promise<Share | undefined>;
  /** Whether a session was ended before its time. */
  isRevoked(session: ReadSession): boolean;
}

/** The request's own part in the question whether it gets in. */
export interface Knock {
  readonly address: SandboxAddress;
  readonly host: string;
  /** What limits count the visitor by. */
  readonly client: string;
  readonly credentials: Credentials;
  /** True where a signed token in the host has named the sandbox. */
  readonly signed: boolean;
}

/** Tries credentials in their order; the first that is good lets the visitor in. */
export class Gatekeeper {
  readonly #sessions: Sessions;
  readonly #ask: AccessQuestions;
  readonly #bearers: Verdicts<true>;
  readonly #read = new Verdicts<ReadSession>();
  #admitted = 0;

  /** @param bearers what Daytona has said of visitors' keys and JWTs */
  constructor(sessions: Sessions, ask: AccessQuestions, bearers: Verdicts<true>) {
    this.#sessions = sessions;
    this.#ask = ask;
    this.#bearers = bearers;
  }

  /**
   * @param attempt told of every secret that was looked at, good or not
   * @throws ProxyError where Daytona could not be asked and nothing else was good
   */
  async admit(
    knock: Knock,
    attempt: (method: Method, good: boolean) => void,
  ): Promise<Admission | undefined> {
    const { bearer, previewToken, queryKey, sessions } = knock.credentials;
    let failure: unknown;
    const tries: [Method, () => Promise<Admission | undefined>][] = [];
    if (bearer !== undefined) tries.push(['bearer', () => this.#byBearer(knock, bearer)]);
    if (previewToken !== undefined) {
      tries.push(['token', () => this.#byToken(knock, 'token', previewToken)]);
    }
    if (queryKey !== undefined && Shares.isKey(queryKey)) {
      tries.push(['share', () => this.#byShare(knock, queryKey)]);
    } else if (queryKey !== undefined) {
      tries.push(['key', () => this.#byToken(knock, 'key', queryKey)]);
    }
    if (sessions.length > 0) tries.push(['session', () => this.bySession(knock)]);
    if (knock.signed) tries.push(['signed', () => this.#bySignedHost(knock)]);
    for (const [method, check] of tries) {
      try {
        const admission = await check();
        attempt(method, admission !== undefined);
        if (admission && method !== 'session') this.#admitted += 1;
        if (admission) return admission;
      } catch (error) {
        // Whoever guesses at ids learns no more than who guesses at secrets.
        if (asProxyError(error).code === 'SANDBOX_NOT_FOUND') attempt(method, false);
        else failure ??= error;
      }
    }
    if (failure !== undefined) throw failure;
    return undefined;
  }

  /** Looks at the session cookies alone, which nobody can guess. */
  async bySession({ address, host, client, credentials }: Knock): Promise<Admission | undefined> {
    for await (const session of this.#valid(host, credentials.sessions)) {
      const id =
        session.sandboxId === address.id ? address.id : await this.#ask.idOf(address, client);
      const { share, visitor } = session;
      if (session.sandboxId === id) {
        return { method: 'session', sandboxId: id, visitor, session, share };
      }
    }
    return undefined;
  }

  /** Finds a session of a host that does not say by itself which sandbox it is about. */
  async sessionOf(host: string, cookies: readonly string[]): Promise<ReadSession | undefined> {
    for await (const session of this.#valid(host, cookies)) return session;
    return undefined;
  }

  /** Credentials that were good, since the start; sessions are not counted. */
  get admitted(): number {
    return this.#admitted;
  }

  sweep(): void {
    this.#read.sweep();
  }

  async *#valid(host: string, cookies: readonly string[]): AsyncGenerator<ReadSession> {
    // A sibling may have set a cookie of our name for the whole domain: one good one is enough.
    for (const value of cookies.slice(0, 4)) {
      const session = await this.#read.of(fingerprint(host, value), () =>
        this.#sessions.read(value, host),
      );
      if (session && session.expiresAt > Date.now() && !this.#ask.isRevoked(session)) yield session;
    }
  }

  async #bySignedHost({ address }: Knock): Promise<Admission> {
    return { method: 'signed', sandboxId: address.id, visitor: 'a holder of a signed address' };
  }

  async #byBearer({ address, client }: Knock, bearer: string): Promise<Admission | undefined> {
    const id = await this.#ask.idOf(address, client);
    const good = await this.#bearers.of(fingerprint(id, bearer), async () =>
      (await this.#ask.mayAccess(id, bearer)) ? true : undefined,
    );
    return good && { method: 'bearer', sandboxId: id, visitor: 'a Daytona user' };
  }

  async #byShare({ address }: Knock, key: string): Promise<Admission | undefined> {
    const share = await this.#ask.shareOf(key, address);
    const sandboxId = address.id;
    return share && { method: 'share', sandboxId, visitor: `the share ${share.id}`, share };
  }

  async #byToken(
    { address, client }: Knock,
    method: 'token' | 'key',
    given: string,
  ): Promise<Admission | undefined> {
    const sandboxId = await this.#ask.opens(address, given, client);
    return sandboxId === undefined
      ? undefined
      : { method, sandboxId, visitor: 'a holder of the token' };
  }
}
