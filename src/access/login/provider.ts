import type { Configuration, DiscoveryRequestOptions } from 'openid-client';
import { type Addresses, inside, outside } from './publicAddress.ts';

/** An OpenID Connect provider, and who we are to it. */
export interface ProviderFacts {
  /** Where we reach it. */
  readonly issuer: string;
  /** Where browsers reach it; undefined where that is the same. */
  readonly publicAddress: string | undefined;
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
    const address = client.buildAuthorizationUrl(found.configuration, {
      redirect_uri: redirectUri,
      scope: scopes,
      state: await stateOf({ codeVerifier, nonce }),
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(audience === undefined ? {} : { audience }),
    });
    const addresses = addressesOf(found.facts);
    return addresses ? new URL(outside(address.href, addresses)) : address;
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
    const addresses = addressesOf(facts);
    const options: DiscoveryRequestOptions = { timeout: timeoutSeconds };
    // Only where the operator has written http himself, for a provider on his own machines.
    if ([issuer, addresses?.publicly].some((address) => address?.startsWith('http:'))) {
      options.execute = [client.allowInsecureRequests];
    }
    if (addresses) {
      options[client.customFetch] = (url, how) => fetch(inside(url, addresses), how as RequestInit);
    }
    const configuration = await client.discovery(
      // From its document, and not by its name: it may call itself by either.
      new URL(addresses ? documentOf(issuer) : issuer),
      clientId,
      undefined,
      clientSecret === undefined ? client.None() : client.ClientSecretPost(clientSecret),
      options,
    );
    if (addresses) checkIssuer(configuration.serverMetadata().issuer, addresses);
    return { facts, configuration };
  }
}

function addressesOf({ issuer, publicAddress }: ProviderFacts): Addresses | undefined {
  return publicAddress === undefined ? undefined : { inner: issuer, publicly: publicAddress };
}

/** OpenID Connect Discovery 1.0, section 4. */
function documentOf(issuer: string): string {
  return `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
}

/** @throws Error for a provider that is neither of the two that were configured */
function checkIssuer(issuer: string, { inner, publicly }: Addresses): void {
  const plain = (address: string) => new URL(address).href.replace(/\/$/, '');
  if ([inner, publicly].some((address) => plain(address) === plain(issuer))) return;
  throw new Error(`the provider calls itself ${issuer}, which is not ${inner} nor ${publicly}`);
}
