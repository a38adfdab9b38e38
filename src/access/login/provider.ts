import type { Configuration } from 'openid-client';

/** An OpenID Connect provider, and who we are to it. */
export interface ProviderFacts {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly audience: string | undefined;
  /** Separated by spaces. */
  readonly scopes: string;
}

/** Somebody who has logged in, as the provider tells. */
export interface Person {
  readonly subject: string;
  /** Only where the provider vouches for it. */
  readonly email: string | undefined;
  readonly groups: readonly string[];
  readonly accessToken: string;
}

/** What has to be remembered between the two halves of a login. */
export interface Pending {
  readonly codeVerifier: string;
  readonly nonce: string;
}

const timeoutSeconds = 10;

/** Speaks to the provider. Discovery is done once, at the first login. */
export class Provider {
  readonly #find: () => Promise<ProviderFacts | undefined>;
  #found: Promise<{ facts: ProviderFacts; configuration: Configuration } | undefined> | undefined;

  /** @param find gives undefined where there is no provider */
  constructor(find: () => Promise<ProviderFacts | undefined>) {
    this.#find = find;
  }

  /**
   * Makes the address of the provider's login page.
   *
   * @returns undefined where there is no provider
   * @throws Error where it cannot be reached or understood
   */
  async begin(
    redirectUri: string,
    stateOf: (pending: Pending) => Promise<string>,
  ): Promise<URL | undefined> {
    const found = await this.#discovered();
    if (!found) return undefined;
    const client = await import('openid-client');
    const codeVerifier = client.randomPKCECodeVerifier();
    const nonce = client.randomNonce();
    const { audience, scopes } = found.facts;
    return client.buildAuthorizationUrl(found.configuration, {
      redirect_uri: redirectUri,
      scope: scopes,
      state: await stateOf({ codeVerifier, nonce }),
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(audience === undefined ? {} : { audience }),
    });
  }

  /**
   * Exchanges the code that the browser brought back.
   *
   * @param callback the whole address that it came back to
   * @throws Error where the answer is not what was begun, or not the provider's
   */
  async finish(callback: URL, state: string, { codeVerifier, nonce }: Pending): Promise<Person> {
    const found = await this.#discovered();
    if (!found) throw new Error('no provider');
    const client = await import('openid-client');
    const tokens = await client.authorizationCodeGrant(found.configuration, callback, {
      pkceCodeVerifier: codeVerifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    if (!claims) throw new Error('no ID token');
    const { sub, email, email_verified: verified, groups } = claims;
    return {
      subject: sub,
      // An address that nobody has verified may be anybody's.
      email: typeof email === 'string' && verified === true ? email.toLowerCase() : undefined,
      groups: Array.isArray(groups) ? groups.filter((name) => typeof name === 'string') : [],
      accessToken: tokens.access_token,
    };
  }

  #discovered() {
    this.#found ??= this.#discover().catch((error) => {
      this.#found = undefined; // The next login tries again.
      throw error;
    });
    return this.#found;
  }

  async #discover() {
    const facts = await this.#find();
    if (!facts) return undefined;
    const client = await import('openid-client');
    const { issuer, clientId, clientSecret } = facts;
    const server = new URL(issuer);
    const configuration = await client.discovery(
      server,
      clientId,
      undefined,
      clientSecret === undefined ? client.None() : client.ClientSecretPost(clientSecret),
      {
        timeout: timeoutSeconds,
        // Only where the operator has written http himself, for a provider on his own machine.
        execute: server.protocol === 'http:' ? [client.allowInsecureRequests] : [],
      },
    );
    return { facts, configuration };
  }
}
