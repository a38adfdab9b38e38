import { createHmac, hkdfSync } from 'node:crypto';
import { EncryptJWT, errors, type JWTPayload, jwtDecrypt } from 'jose';

/** What a sealed text is for. Each has keys of its own: none can be passed off as another. */
export type Purpose = 'session' | 'login' | 'state' | 'share' | 'account' | 'store' | 'stats';

/** Encrypts what browsers and Redis keep for us, so that nobody reads, alters or makes it (JWE, A256GCM). */
export class Seals {
  readonly #secrets: readonly string[];
  readonly #keys = new Map<string, Uint8Array>();

  /** @param secrets the first seals; the others still open what was sealed before a rotation */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
  }

  /** @param expiresAt in ms since the epoch */
  seal(purpose: Purpose, claims: JWTPayload, expiresAt: number): Promise<string> {
    return new EncryptJWT(claims)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .setIssuedAt()
      .setExpirationTime(Math.floor(expiresAt / 1000))
      .encrypt(this.#key(this.#secrets[0] ?? '', purpose));
  }

  /** @returns undefined for what is altered, expired, sealed for another purpose or by others */
  async open(purpose: Purpose, text: string): Promise<JWTPayload | undefined> {
    for (const secret of this.#secrets) {
      try {
        const { payload } = await jwtDecrypt(text, this.#key(secret, purpose), {
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
          requiredClaims: ['exp'],
        });
        return payload;
      } catch (error) {
        if (!(error instanceof errors.JOSEError)) throw error;
      }
    }
    return undefined;
  }

  /** Marks a text as ours: one mark for each secret, 12 characters, the present secret's first. */
  tags(purpose: Purpose, text: string): string[] {
    return this.#secrets.map((secret) =>
      createHmac('sha256', this.#key(secret, purpose))
        .update(text)
        .digest('base64url')
        .slice(0, 12),
    );
  }

  #key(secret: string, purpose: Purpose): Uint8Array {
    const name = `${purpose} ${secret}`;
    const known = this.#keys.get(name);
    if (known) return known;
    const key = new Uint8Array(hkdfSync('sha256', secret, '', `daytona-proxy ${purpose}`, 32));
    this.#keys.set(name, key);
    return key;
  }
}
