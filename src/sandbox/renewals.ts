import { setTimeout as wait } from 'node:timers/promises';
import { BoundedCache } from '../boundedCache.ts';
import type { Refusal, SandboxAddress } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import { SingleFlight } from '../singleFlight.ts';
import type { Resolution, SandboxCache } from './cache.ts';
import type { PreviewLink } from './daytona.ts';
import type { Lookups } from './lookups.ts';

const cacheSize = 10_000;
/** Daytona's own lookup has a cache of 1 s, which may still hold the token from before. */
const lookupCacheMs = 1_100;
/** A sandbox can forge refusals: what Daytona has contradicted is not asked again for this time. */
const contradictedMs = 5_000;
/** The same for what a sandbox could say of its state. */
const heardMs = 2_000;

/**
 * Takes a refusal by Daytona's edge as news about a sandbox: what is known of it is no longer true.
 * One lookup serves all whose requests were refused.
 */
export class Renewals {
  readonly #cache: SandboxCache;
  readonly #lookups: Lookups;
  readonly #resolve: (address: SandboxAddress) => Promise<Resolution>;
  readonly #flights = new SingleFlight<PreviewLink | undefined>();
  readonly #contradicted = new BoundedCache<string>(cacheSize);
  readonly #heard = new BoundedCache<Refusal>(cacheSize);

  constructor(
    cache: SandboxCache,
    lookups: Lookups,
    resolve: (address: SandboxAddress) => Promise<Resolution>,
  ) {
    this.#cache = cache;
    this.#lookups = lookups;
    this.#resolve = resolve;
  }

  /**
   * Finds a sandbox's port anew after the edge refused what `refused` led to.
   *
   * @throws ProxyError for the visitor where there is nothing else to be had
   */
  async after(
    refusal: Refusal,
    address: SandboxAddress,
    refused: PreviewLink,
  ): Promise<Resolution> {
    switch (refusal) {
      case 'not-listening':
        throw new ProxyError('PORT_NOT_LISTENING');
      case 'token':
        return this.#afterToken(address, refused);
      default:
        return this.#afterState(refusal, address, refused);
    }
  }

  sweep(): void {
    this.#contradicted.sweep();
    this.#heard.sweep();
  }

  async #afterToken(address: SandboxAddress, { token }: PreviewLink): Promise<Resolution> {
    const key = `${address.id}:${address.port}`;
    const known = this.#cache.link(address);
    // Unless somebody else's refusal came before, and the new token is here already.
    if (!known || known.value.token === token) {
      const unchanged = () => new ProxyError('ACCESS_RENEWED', { retryAfter: 5 });
      if (this.#contradicted.get(key) === token) throw unchanged();
      const link = await this.#flights.run(key, () => this.#otherLink(address, token));
      if (!link) throw unchanged();
    }
    return this.#resolve(address);
  }

  async #otherLink(address: SandboxAddress, token: string): Promise<PreviewLink | undefined> {
    this.#cache.forgetLinks(address.id, 'token');
    let link = await this.#lookups.link(address, undefined, token);
    if (link.token === token) {
      await wait(lookupCacheMs);
      link = await this.#lookups.link(address, undefined, token);
    }
    this.#cache.keepLink(address, link);
    if (link.token !== token) return link;
    this.#contradicted.set(`${address.id}:${address.port}`, token, contradictedMs);
    return undefined;
  }

  async #afterState(
    refusal: Refusal,
    address: SandboxAddress,
    refused: PreviewLink,
  ): Promise<Resolution> {
    const news = this.#heard.get(address.id) === undefined;
    this.#heard.set(address.id, refusal, heardMs);
    if (news) {
      this.#cache.forget(address.id, refusal);
      await this.#lookups.facts(address.id, undefined, true);
    }
    const found = await this.#resolve(address);
    const moved = found.link.token !== refused.token || found.link.url !== refused.url;
    // A sandbox that is moved to another machine keeps its address.
    if (moved || (news && refusal === 'gone')) return found;
    const state = refusal === 'gone' ? 'moving' : refusal;
    throw new ProxyError('SANDBOX_NOT_RUNNING', { state, retryAfter: 2 });
  }
}
