import { z } from 'zod';
import type { Seals } from '../seals.ts';
import { cookieName, setCookie } from './cookies.ts';

const name = 'daytona-proxy';

/** Who a session belongs to and what it opens; all of it stands, encrypted, in the cookie. */
export interface Session {
  /** The sandbox's host, with its port: a cookie that is copied to another opens nothing. */
  readonly host: string;
  /** Daytona's id of the sandbox; a name may go to another one. */
  readonly sandboxId: string;
  /** Told in the log: an e-mail address, a subject, or how the visitor got in. */
  readonly visitor: string;
  /** The login that it came from, which a logout ends. */
  readonly login?: string | undefined;
  /** True for one that came from a signed address: it is not renewed, for that address ends. */
  readonly signed?: boolean | undefined;
  /** The share link that it came from, and what that allows. */
  readonly share?: Share | undefined;
}

export interface Share {
  readonly id: string;
  readonly readOnly: boolean;
  /** Every path below it, `/` for all. */
  readonly pathPrefix: string;
  /** In ms since the epoch. */
  readonly expiresAt: number;
}

const sealed = z.object({
  host: z.string(),
  sandboxId: z.string(),
  visitor: z.string(),
  login: z.string().optional(),
  signed: z.boolean().optional(),
  share: z
    .object({
      id: z.string(),
      readOnly: z.boolean(),
      pathPrefix: z.string(),
      expiresAt: z.number(),
    })
    .optional(),
  iat: z.number(),
  exp: z.number(),
});

/** A session as it was read from a cookie. */
export interface ReadSession extends Session {
  /** When it was issued and when it ends, in ms since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface SessionRules {
  readonly ttlMs: number;
  /** True where a sandbox may stand in a frame of another site. */
  readonly partitioned: boolean;
}

/** Issues and reads the cookie of a sandbox's host. */
export class Sessions {
  readonly #seals: Seals;
  readonly #endable: Seals;
  readonly #rules: SessionRules;

  /** @param endable for sessions that may be ended before their time: as long as that is remembered */
  constructor(seals: Seals, endable: Seals, rules: SessionRules) {
    this.#seals = seals;
    this.#endable = endable;
    this.#rules = rules;
  }

  static cookieName(proto: 'http' | 'https'): string {
    return cookieName(name, proto);
  }

  /** @returns a Set-Cookie value */
  async issue(session: Session, proto: 'http' | 'https'): Promise<string> {
    const expiresAt = Math.min(
      Date.now() + this.#rules.ttlMs,
      session.share?.expiresAt ?? Number.POSITIVE_INFINITY,
    );
    const seals = session.share || session.login ? this.#endable : this.#seals;
    const value = await seals.seal('session', { ...session }, expiresAt);
    const seconds = Math.max(0, Math.round((expiresAt - Date.now()) / 1000));
    return setCookie(name, value, { proto, seconds, partitioned: this.#rules.partitioned });
  }

  /** @returns undefined for a session that is expired, altered, or of another host */
  async read(value: string, host: string): Promise<ReadSession | undefined> {
    const endable = await this.#endable.open('session', value);
    const claims = sealed.safeParse(endable ?? (await this.#seals.open('session', value)));
    if (!claims.success || claims.data.host !== host) return undefined;
    const { iat, exp, ...session } = claims.data;
    if (!endable && (session.share || session.login)) return undefined;
    return { ...session, issuedAt: iat * 1000, expiresAt: exp * 1000 };
  }

  /** True once a session in use is worth a new cookie: a tenth of its time has passed. */
  static isOld({ issuedAt, expiresAt, signed }: ReadSession): boolean {
    return !signed && Date.now() - issuedAt > (expiresAt - issuedAt) / 10;
  }
}
