import { BoundedCache } from '../boundedCache.ts';
import type { SandboxAddress } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import { SingleFlight } from '../singleFlight.ts';
import type { SandboxCache } from './cache.ts';
import type { Daytona, PreviewLink, SandboxFacts } from './daytona.ts';
import type { MissBudget } from './missBudget.ts';

const cacheSize = 10_000;
const missingMs = 5_000;
/** More lookups than this at once are shed: an API that slow is as good as down. */
const maxLookups = 1_000;

/**
 * Asks Daytona about sandboxes: once for all who ask the same at the same time, not again for a
 * while for one that does not exist, and no more than the budget for guesses allows.
 */
export class Lookups {
  readonly #daytona: Pick<Daytona, 'previewLink' | 'facts'>;
  readonly #budget: MissBudget;
  readonly #cache: SandboxCache;
  /** Apart from what was found, so that guesses push out nothing but other guesses. */
  readonly #missing = new BoundedCache<true>(cacheSize);
  readonly #links = new SingleFlight<PreviewLink>();
  readonly #facts = new SingleFlight<SandboxFacts>();

  constructor(
    daytona: Pick<Daytona, 'previewLink' | 'facts'>,
    budget: MissBudget,
    cache: SandboxCache,
  ) {
    this.#daytona = daytona;
    this.#budget = budget;
    this.#cache = cache;
  }

  /**
   * Gives the link of a sandbox in whatever state; whoever knows that it runs may keep it.
   *
   * @param client whose request it is; undefined where it is nobody's
   * @throws ProxyError SANDBOX_NOT_FOUND, TOO_MANY_MISSES or one about the API
   */
  link(address: SandboxAddress, client?: string): Promise<PreviewLink> {
    const { id, port } = address;
    return this.#ask(this.#links, `${id}:${port}`, id, client, async () => {
      const link = await this.#daytona.previewLink(id, port);
      this.#cache.keepToken(address, link);
      return link;
    });
  }

  /** @throws ProxyError SANDBOX_NOT_FOUND, TOO_MANY_MISSES or one about the API */
  facts(id: string, client?: string): Promise<SandboxFacts> {
    return this.#ask(this.#facts, id, id, client, async () => {
      const facts = await this.#daytona.facts(id);
      this.#cache.keepFacts(id, facts);
      return facts;
    });
  }

  /** To be called with what has come into being, and may have been asked for before. */
  exists(id: string): void {
    this.#missing.delete(id);
  }

  sweep(): void {
    this.#missing.sweep();
  }

  async #ask<T>(
    flights: SingleFlight<T>,
    key: string,
    id: string,
    client: string | undefined,
    call: () => Promise<T>,
  ): Promise<T> {
    if (this.#missing.get(id)) throw new ProxyError('SANDBOX_NOT_FOUND');
    if (flights.size >= maxLookups) throw new ProxyError('DAYTONA_UNAVAILABLE', { retryAfter: 1 });
    // Whoever joins a call under way spends nothing on it, and waits for nobody else's budget.
    if (flights.has(key)) return flights.run(key, call);
    try {
      return await this.#budget.spend(client, () => flights.run(key, call), isMiss);
    } catch (error) {
      if (isMiss(error)) this.#missing.set(id, true, missingMs);
      throw error;
    }
  }
}

function isMiss(error: unknown): boolean {
  return error instanceof ProxyError && error.code === 'SANDBOX_NOT_FOUND';
}
