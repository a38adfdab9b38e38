import { BoundedCache } from '../boundedCache.ts';
import { type CacheAnswer, keyOf, type Refusal, type SandboxAddress } from '../exchange.ts';
import type { Log } from '../log/logger.ts';
import { asProxyError, ProxyError } from '../replies/errors.ts';
import { SingleFlight } from '../singleFlight.ts';
import type { Resolution, SandboxCache } from './cache.ts';
import type { Link, SandboxFacts } from './daytona.ts';
import type { SandboxChange } from './events.ts';
import { LastAnswers } from './lastAnswers.ts';
import type { Lookups } from './lookups.ts';
import type { LinkRules } from './mode.ts';
import { Refusals } from './refusals.ts';
import { requireRunning, sleeping } from './running.ts';
import { readState } from './state.ts';

type Token = Pick<Link, 'token' | 'sandboxId'>;

/** A token that a visitor has shown in vain is not looked at again for this time. */
const doubtedMs = 5_000;

/**
 * Knows where sandboxes live: what was found is kept, asked for anew ahead of expiry where it is in
 * use, and serves on where Daytona does not answer.
 */
export class SandboxDirectory {
  readonly #cache: SandboxCache;
  readonly #lookups: Lookups;
  readonly #log: Log;
  readonly #refusals: Refusals;
  readonly #resolving = new SingleFlight<Resolution>();
  readonly #refreshing = new SingleFlight<void>();
  readonly #doubting = new SingleFlight<Token>();
  readonly #doubted = new BoundedCache<true>(10_000);
  readonly #lasts = new LastAnswers();
  readonly #answers = { hit: 0, miss: 0, stale: 0 };

  constructor(cache: SandboxCache, lookups: Lookups, links: LinkRules, log: Log) {
    this.#cache = cache;
    this.#lookups = lookups;
    this.#log = log;
    this.#refusals = new Refusals(cache, lookups, links, (address) => this.resolve(address));
  }

  /** Finds a sandbox that runs in the cache, without the wait that even a settled promise costs. */
  known(address: SandboxAddress): Resolution | undefined {
    const facts = this.#cache.facts(address.id);
    if (!facts?.fresh || readState(facts.value.state) !== 'running') return undefined;
    const link = this.#cache.link(address);
    if (!link?.fresh) return undefined;
    if (link.value.sandboxId !== facts.value.id) {
      this.#cache.forget(address.id, 'its name went to another sandbox');
      return undefined;
    }
    if (link.ageing || facts.ageing) this.#refreshAhead(address, link.ageing, facts.ageing);
    return { link: link.value, facts: facts.value, by: 'hit' };
  }

  /** Counts a visitor's request by the knowledge that it went by. */
  count({ id, port }: SandboxAddress, by: CacheAnswer): void {
    this.#answers[by] += 1;
    if (by === 'hit' && this.#log.enabled('debug')) {
      this.#log('debug', 'cache.hit', { sandbox: id, port });
    }
  }

  /**
   * Finds a sandbox's port: from the cache, or by one round trip to Daytona, in which the link
   * and the sandbox's facts are asked for side by side.
   *
   * @param client whose request it is; undefined where it is nobody's
   * @throws ProxyError SANDBOX_NOT_FOUND, SANDBOX_NOT_RUNNING or one about the API
   */
  async resolve(address: SandboxAddress, client?: string): Promise<Resolution> {
    const known = this.known(address);
    if (known) return known;
    const facts = this.#cache.facts(address.id);
    if (facts?.fresh) requireRunning(facts.value);
    const last = this.#cache.last(address);
    if (!last) this.#lookups.requireBudget(client);
    const look = () => this.#resolving.run(keyOf(address), () => this.#lookUp(address, client));
    return this.#lasts.or(address.id, look, last);
  }

  /**
   * Gives the facts of a sandbox in whatever state, at once where they are known.
   *
   * @throws ProxyError SANDBOX_NOT_FOUND or one about the API
   */
  factsOf({ id }: SandboxAddress, client?: string): SandboxFacts | Promise<SandboxFacts> {
    const known = this.#cache.facts(id);
    if (known?.fresh) return known.value;
    if (!known) this.#lookups.requireBudget(client);
    return this.#lasts.or(id, () => this.#lookups.facts(id, client), known?.value);
  }

  /**
   * Gives the preview token of a sandbox in whatever state.
   *
   * @throws ProxyError SANDBOX_NOT_FOUND or one about the API
   */
  async tokenOf(address: SandboxAddress, client?: string): Promise<Link> {
    const known = this.#cache.link(address);
    if (known?.fresh) return known.value;
    const recent = this.#cache.token(address);
    if (recent) return recent;
    const look = () => this.#lookups.link(address, client);
    const link = await this.#lasts.or(address.id, look, known?.value);
    this.#cache.keepToken(address, link);
    return link;
  }

  /**
   * The same where what is known is not what a visitor shows: a start may have renewed it. Daytona is
   * asked once in a while for each port, so that guesses bring about no more than that.
   *
   * @throws ProxyError SANDBOX_NOT_FOUND or one about the API
   */
  async tokenAfresh(address: SandboxAddress, known: Token, client?: string): Promise<Token> {
    const key = keyOf(address);
    if (!this.#doubting.has(key) && this.#doubted.get(key)) return known;
    return this.#doubting.run(key, async () => {
      this.#doubted.set(key, true, doubtedMs);
      const link = await this.#lookups.link(address, client, known.token);
      if (link.token !== known.token) this.#cache.forgetLinks(address.id, 'token');
      this.#cache.keepToken(address, link);
      return link;
    });
  }

  /**
   * Finds a sandbox's port anew after Daytona's edge refused what `refused` led to.
   *
   * @returns undefined where Daytona contradicts: the answer was the app's
   * @throws ProxyError for the visitor where there is nothing else to be had
   */
  after(
    refusal: Refusal,
    address: SandboxAddress,
    refused: Resolution,
  ): Promise<Resolution | undefined> {
    return this.#refusals.after(refusal, address, refused);
  }

  /**
   * Takes news of a sandbox from Daytona.
   *
   * @returns what it goes by here; nothing where nobody has asked for it
   */
  learn({ facts, name }: SandboxChange): string[] {
    const kept: string[] = [];
    for (const id of name === undefined ? [facts.id] : [facts.id, name]) {
      this.#lookups.exists(id);
      const known = this.#cache.facts(id)?.value;
      if (!known) continue;
      if (known.id !== facts.id) this.#cache.forget(id, 'its name went to another sandbox');
      else {
        this.#cache.keepFacts(id, facts);
        kept.push(id);
      }
      if (known.state !== facts.state) {
        this.#log('info', 'cache.learn', { sandbox: id, state: facts.state });
      }
    }
    return kept;
  }

  /** Asks Daytona for a sandbox's facts, whatever is known. */
  askFacts(id: string): Promise<SandboxFacts> {
    return this.#lookups.facts(id, undefined, true);
  }

  /** How many links are kept; costs nothing, because everybody may ask. */
  get size(): number {
    return this.#cache.size;
  }

  /** Fresh links with age and remaining time in whole seconds, oldest first. */
  cached() {
    return this.#cache.entries();
  }

  /** Drops expired entries and says how many links those were. */
  sweep(): number {
    this.#lookups.sweep();
    this.#refusals.sweep();
    this.#lasts.sweep();
    this.#doubted.sweep();
    return this.#cache.sweep();
  }

  /** Requests that wait for a lookup, whoever began it. */
  get waiting(): number {
    return this.#resolving.waiting;
  }

  counters(): { hits: number; misses: number; stale: number } {
    const { hit: hits, miss: misses, stale } = this.#answers;
    return { hits, misses, stale };
  }

  async #lookUp(address: SandboxAddress, client: string | undefined): Promise<Resolution> {
    const { id } = address;
    const knownLink = this.#cache.link(address);
    const knownFacts = this.#cache.facts(id);
    const [link, facts] = await Promise.all([
      knownLink?.fresh ? knownLink.value : this.#lookups.link(address, client).catch(sleeping),
      knownFacts?.fresh ? knownFacts.value : this.#lookups.facts(id, client),
    ]);
    requireRunning(facts);
    if (link instanceof ProxyError) throw link;
    if (facts.id !== link.sandboxId) return this.#lookUpAnew(address, link);
    if (!knownLink?.fresh) this.#cache.keepLink(address, link);
    return { link, facts, by: 'miss' };
  }

  /** A name has gone to another sandbox, and one of the two answers is from before. */
  async #lookUpAnew(address: SandboxAddress, { token }: Link): Promise<Resolution> {
    this.#cache.forget(address.id, 'its name went to another sandbox');
    const [link, facts] = await Promise.all([
      this.#lookups.link(address, undefined, token),
      this.#lookups.facts(address.id, undefined, true),
    ]);
    requireRunning(facts);
    if (facts.id !== link.sandboxId) throw new ProxyError('DAYTONA_UNAVAILABLE', { retryAfter: 1 });
    this.#cache.keepLink(address, link);
    return { link, facts, by: 'miss' };
  }

  /** Asks anew for what is in use and about to expire. Nobody waits, and a failure may pass. */
  #refreshAhead(address: SandboxAddress, link: boolean, facts: boolean): void {
    const { id } = address;
    if (this.#lasts.isQuiet(id)) return;
    const refresh = async () => {
      const [found] = await Promise.all([
        link ? this.#lookups.link(address) : undefined,
        facts ? this.#lookups.facts(id) : undefined,
      ]);
      this.#lasts.noteOne(id);
      const now = this.#cache.facts(id)?.value;
      if (found && now && readState(now.state) === 'running') this.#cache.keepLink(address, found);
    };
    this.#refreshing.run(keyOf(address), refresh).catch((error) => {
      if (asProxyError(error).code === 'SANDBOX_NOT_FOUND') this.#cache.forget(id, 'it is gone');
      else this.#lasts.noteNone(id);
    });
  }
}
