import { BoundedCache } from '../boundedCache.ts';
import { keyOf, type SandboxAddress } from '../exchange.ts';
import type { Log } from '../log/logger.ts';
import { ProxyError } from '../replies/errors.ts';
import { SingleFlight } from '../singleFlight.ts';
import type { SandboxCache } from './cache.ts';
import type { Link, SandboxFacts } from './daytona.ts';
import type { MissBudget, Outcome } from './missBudget.ts';
import type { LinkRules } from './mode.ts';
import type { SandboxSource } from './sharedSource.ts';

const cacheSize = 10_000;
const missingMs = 5_000;
/** More lookups than this at once are shed: an API that slow is as good as down. */
const maxLookups = 1_000;

/**
 * Asks about sandboxes: once for all who ask the same at the same time, not again for a
 * while for one that does not exist, and no more than the budget for guesses allows.
 */
export class Lookups {
  readonly #source: SandboxSource;
  readonly #budget: MissBudget;
  readonly #cache: SandboxCache;
  readonly #linkedBy: LinkRules['linkedBy'];
  readonly #log: Log;
  /** Apart from what was found, so that guesses push out nothing but other guesses. */
  readonly #missing = new BoundedCache<true>(cacheSize);
  readonly #links = new SingleFlight<Link>();
  readonly #facts = new SingleFlight<SandboxFacts>();

  constructor(
    source: SandboxSource,
    budget: MissBudget,
    cache: SandboxCache,
    { linkedBy }: Pick<LinkRules, 'linkedBy'>,
    log: Log,
  ) {
    this.#linkedBy = linkedBy;
    this.#log = log;
    this.#source = source;
    this.#budget = budget;
    this.#cache = cache;
  }

  /**
   * Gives the link of a sandbox in whatever state; whoever knows that it runs may keep it.
   *
   * @param client whose request it is; undefined where it is nobody's
   * @param refused a token that is known to be none any more
   * @throws ProxyError SANDBOX_NOT_FOUND, TOO_MANY_MISSES or one about the API
   */
  link(address: SandboxAddress, client?: string, refused?: string): Promise<Link> {
    const { id, port } = this.#linkedBy(address);
    const flights = this.#links;
    const linked = keyOf({ id, port });
    const key = flightOf(flights, linked, refused !== undefined);
    // Daytona may refuse a port, and know the sandbox well.
    return this.#ask(flights, key, [id, linked], client, async () => {
      this.#log('info', 'cache.fetch', { sandbox: id, port });
      return this.#source.link(id, port, refused);
    });
  }

  /**
   * @param anew true where only Daytona's own word will do
   * @throws ProxyError SANDBOX_NOT_FOUND, TOO_MANY_MISSES or one about the API
   */
  facts(id: string, client?: string, anew = false): Promise<SandboxFacts> {
    const flights = this.#facts;
    return this.#ask(flights, flightOf(flights, id, anew), [id], client, async () => {
      const facts = await this.#source.facts(id, anew);
      this.#cache.keepFacts(id, facts);
      return facts;
    });
  }

  /** @throws ProxyError TOO_MANY_MISSES where a client's request may have nothing looked up */
  requireBudget(client: string | undefined): void {
    if (client !== undefined) this.#budget.requireSome(client);
  }

  /** To be called with what has come into being, and may have been asked for before. */
  exists(id: string): void {
    this.#missing.delete(id);
    this.#missing.deleteAll(`${id}:`);
  }

  sweep(): void {
    this.#missing.sweep();
  }

  async #ask<T>(
    flights: SingleFlight<T>,
    key: string,
    about: readonly string[],
    client: string | undefined,
    call: () => Promise<T>,
  ): Promise<T> {
    if (about.some((each) => this.#missing.get(each))) throw new ProxyError('SANDBOX_NOT_FOUND');
    if (flights.size >= maxLookups) throw new ProxyError('DAYTONA_UNAVAILABLE', { retryAfter: 1 });
    // Whoever joins a call under way spends nothing on it, and waits for nobody else's budget.
    if (flights.has(key)) return flights.run(key, call);
    try {
      return await this.#budget.spend(client, () => flights.run(key, call), isMiss);
    } catch (error) {
      if (isMiss({ error })) this.#missing.set(about.at(-1) ?? '', true, missingMs);
      throw error;
    }
  }
}

/** Who wants Daytona's own word does not join who takes anybody's, but the other way round. */
function flightOf(flights: SingleFlight<unknown>, key: string, anew: boolean): string {
  const own = `${key} anew`;
  return anew || flights.has(own) ? own : key;
}

function isMiss(outcome: Outcome<unknown>): boolean {
  if ('found' in outcome) return (outcome.found as Partial<SandboxFacts>).unproven === true;
  return outcome.error instanceof ProxyError && outcome.error.code === 'SANDBOX_NOT_FOUND';
}
