import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Seals } from '../seals.ts';
import { sameSecret } from '../secrets.ts';
import type { Revocations } from './revocations.ts';
import type { Share } from './session.ts';

const longestSeconds = 30 * 24 * 3600;
/** Tells a share link's key from a preview token. */
const prefix = 'share.';

/** What somebody wants to share. */
export const shareRequest = z.strictObject({
  sandboxId: z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'is no sandbox id'),
  port: z.int().min(1).max(65_535),
  pathPrefix: z
    .string()
    .max(512)
    .regex(/^\/[\w.~!$&'()*+,=:@/-]*$/, 'must be a plain path that begins with /')
    .refine((path) => !/\/\.{1,2}(?:\/|$)|\/\//.test(path), 'must not contain // or . or ..')
    .default('/'),
  readOnly: z.boolean().default(false),
  expiresInSeconds: z.int().min(1).max(longestSeconds).default(3600),
});
export type ShareRequest = z.output<typeof shareRequest>;

const sealed = z.object({
  id: z.string(),
  sandboxId: z.string(),
  port: z.number(),
  pathPrefix: z.string(),
  readOnly: z.boolean(),
  exp: z.number(),
});

/** A share link, as whoever made it gets to know it. */
export interface NewShare {
  readonly id: string;
  /** To be given as `DAYTONA_SANDBOX_AUTH_KEY`. */
  readonly key: string;
  readonly expiresAt: number;
}

/**
 * Links that open one port of one sandbox for a while. All of it stands, encrypted, in the link:
 * nothing is asked of Daytona, and the sandbox's own token stays here.
 */
export class Shares {
  readonly #seals: Seals;
  readonly #revocations: Revocations;

  constructor(seals: Seals, revocations: Revocations) {
    this.#seals = seals;
    this.#revocations = revocations;
  }

  async create(wanted: ShareRequest): Promise<NewShare> {
    const { sandboxId, port, pathPrefix, readOnly, expiresInSeconds } = wanted;
    const random = randomBytes(9).toString('base64url');
    const id = `${sandboxId}.${random}${this.#seals.tags('share', sandboxId + random)[0]}`;
    const expiresAt = Math.ceil(Date.now() / 1000 + expiresInSeconds) * 1000;
    const claims = { id, sandboxId, port, pathPrefix, readOnly };
    const key = prefix + (await this.#seals.seal('share', claims, expiresAt));
    return { id, key, expiresAt };
  }

  /**
   * The sandbox that a share's id is about: whoever may see it may end the share.
   *
   * @returns undefined for an id that was never given out
   */
  sandboxOf(id: string): string | undefined {
    const [, sandboxId = '', random = '', tag = ''] =
      /^([a-z0-9-]{1,63})\.([\w-]{12})([\w-]{12})$/.exec(id) ?? [];
    const tags = this.#seals.tags('share', sandboxId + random);
    return tags.some((known) => sameSecret(known, tag)) ? sandboxId : undefined;
  }

  async revoke(id: string): Promise<void> {
    await this.#revocations.add(id, Date.now() + longestSeconds * 1000);
  }

  isRevoked(id: string): boolean {
    return this.#revocations.has(id);
  }

  /** True for what could be a share link's key: then it is nothing else. */
  static isKey(text: string): boolean {
    return text.startsWith(prefix);
  }

  /** @returns what the key opens; undefined for one of another port, expired, altered or revoked */
  async open(key: string, sandboxId: string, port: number): Promise<Share | undefined> {
    const text = key.slice(prefix.length);
    const claims = sealed.safeParse(await this.#seals.open('share', text)).data;
    if (!claims || claims.sandboxId !== sandboxId || claims.port !== port) return undefined;
    if (this.isRevoked(claims.id)) return undefined;
    const { id, readOnly, pathPrefix, exp } = claims;
    return { id, readOnly, pathPrefix, expiresAt: exp * 1000 };
  }
}
