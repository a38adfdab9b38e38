import { setTimeout as wait } from 'node:timers/promises';
import { BoundedCache } from '../boundedCache.ts';
import { keyOf, type Refusal, type SandboxAddress } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import { SingleFlight } from '../singleFlight.ts';
import type { Resolution, SandboxCache } from './cache.ts';
import type { Link } from './daytona.ts';
import type { Lookups } from './lookups.ts';
import type { LinkRules } from './mode.ts';

const cacheSize = 10_000;
/** Daytona's own lookup has a cache of 1 s, which may still hold the token from before. */
const lookupCacheMs = 1_100;
/** A sandbox can forge refusals: what Daytona has contradicted is not asked again for this time. */
const contradictedMs = 5_000;
/** The same for what a sandbox could say of its state; and for a runner that nobody can forge. */
const heardMs = 2_000;
const unreachableMs = 300;

/**
 * Takes a refusal by Daytona's edge or a runner as news about a sandbox: what is known of it is no longer true.
 * One lookup serves all whose requests were refused.
 */
export class Refusals {
  readonly #cache: SandboxCache;
  readonly #lookups: Lookups;
  readonly #links: LinkRules;
  readonly #resolve: (address: SandboxAddress) => Promise<Resolution>;
  readonly #flights = new SingleFlight<Link | undefined>();
  readonly #contradicted = new BoundedCache<string>(cacheSize);
  readonly #heard = new BoundedCache<string>(cacheSize);

  constructor(
    cache: SandboxCache,
    lookups: Lookups,
    links: LinkRules,
    resolve: (address: SandboxAddress) => Promise<Resolution>,
  ) {
    this.#cache = cache;
    this.#lookups = lookups;
    this.#links = links;
    this.#resolve = resolve;
  }

  /**
   * Finds a sandbox's port anew after the edge refused what `refused` led to.
   *
   * @returns undefined where Daytona contradicts: the answer was the app's
   * @throws ProxyError for the visitor where there is nothing else to be had
   */
  async after(
    refusal: Refusal,
    address: SandboxAddress,
    refused: Resolution,
  ): Promise<Resolution | undefined> {
    switch (refusal) {
      case 'not-listening':
        throw new ProxyError('PORT_NOT_LISTENING');
      case 'token':
        return this.#afterToken(address, refused);
      case 'unreachable':
        return this.#links.moves ? this.#afterState(refusal, address, refused.link) : undefined;
      default:
        return this.#afterState(refusal, address, refused.link);
    }
  }

  sweep(): void {
    this.#contradicted.sweep();
    this.#heard.sweep();
  }

  async #afterToken(address: SandboxAddress, refused: Resolution): Promise<Resolution> {
    const { token } = refused.link;
    const key = keyOf(address);
    if (!this.#links.showsToken(refused, address.port)) {
      // It was not shown, as to every public sandbox: this one has gone private.
      const now = await this.#lookups.facts(address.id, undefined, true);
      if (now.public) throw new ProxyError('ACCESS_RENEWED', { retryAfter: 5 });
      return this.#resolve(address);
    }
    const known = this.#cache.link(address);
    // Unless somebody else's refusal came before, and the new token is here already.
    if (!known || known.value.token === token) {
      const unchanged = () => new ProxyError('ACCESS_RENEWED', { retryAfter: 5 });
      if (this.#contradicted.get(key) === token) throw unchanged();
      const other = await this.#flights.run(key, () => this.#otherLink(address, token));
      if (!other) throw unchanged();
    }
    return this.#resolve(address);
  }

  async #otherLink(address: SandboxAddress, token: string): Promise<Link | undefined> {
    this.#cache.forgetLinks(address.id, 'token');
    let link = await this.#lookups.link(address, undefined, token);
    if (link.token === token) {
      await wait(lookupCacheMs);
      link = await this.#lookups.link(address, undefined, token);
    }
    this.#cache.keepLink(address, link);
    if (link.token !== token) return link;
    this.#contradicted.set(keyOf(address), token, contradictedMs);
    return undefined;
  }

  async #afterState(
    refusal: Refusal,
    address: SandboxAddress,
    refused: Link,
  ): Promise<Resolution | undefined> {
    // Whoever asked a moment ago has the answer in the cache; what was found by it may be old again.
    const news = `${refusal} ${refused.url} ${refused.token}`;
    if (this.#heard.get(address.id) !== news) {
      this.#heard.set(address.id, news, refusal === 'unreachable' ? unreachableMs : heardMs);
      this.#cache.forget(address.id, refusal);
      await this.#lookups.facts(address.id, undefined, true);
    }
    const found = await this.#resolve(address);
    const { link, facts } = found;
    if (link.token !== refused.token || link.url !== refused.url) return found;
    // Where nobody else can say, the runner's word has to do.
    if (facts.state === 'unknown' && (refusal === 'stopped' || refusal === 'archived')) {
      throw new ProxyError('SANDBOX_NOT_RUNNING', { state: refusal, retryAfter: 2 });
    }
    return undefined;
  }
}
