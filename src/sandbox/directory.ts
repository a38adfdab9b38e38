import { BoundedCache } from '../boundedCache.ts';
import type { Refusal, SandboxAddress } from '../exchange.ts';
import type { Log } from '../log/logger.ts';
import { ProxyError } from '../replies/errors.ts';
import { SingleFlight } from '../singleFlight.ts';
import type { Daytona, PreviewLink, SandboxFacts } from './daytona.ts';
import { readState } from './state.ts';

const cacheSize = 10_000;
const missingMs = 5_000;
/** A sandbox that does not run is asked about again soon: somebody is likely starting it. */
const notRunningMs = 2_000;
/** The longest that a sandbox counts as private after it went public, and gets its token sent. */
const longestFactsMs = 60_000;
/** A sandbox can forge refusals: within this time more than one are not news. */
const refusalPauseMs = 2_000;
/** More lookups than this at once are shed: an API that slow is as good as down. */
const maxLookups = 1_000;

/** Everything known about one port of a sandbox that runs. */
export interface Resolution {
  readonly link: PreviewLink;
  readonly facts: SandboxFacts;
}

/**
 * Knows where sandboxes live. Found links, facts and definite misses are three bounded caches, so
 * that a stranger who guesses ids pushes out nothing but other guesses.
 */
export class SandboxDirectory {
  readonly #daytona: Daytona;
  readonly #ttlMs: number;
  readonly #log: Log;
  readonly #links = new BoundedCache<PreviewLink>(cacheSize);
  readonly #facts = new BoundedCache<SandboxFacts>(cacheSize);
  readonly #missing = new BoundedCache<true>(cacheSize);
  readonly #refused = new BoundedCache<true>(cacheSize);
  readonly #lookups = new SingleFlight<Resolution>();
  /** Of sandboxes that may not run: a start renews the token, so these are soon asked for again. */
  readonly #tokens = new BoundedCache<PreviewLink>(cacheSize);
  readonly #linkLookups = new SingleFlight<PreviewLink>();
  readonly #factLookups = new SingleFlight<SandboxFacts>();
  #hits = 0;
  #misses = 0;

  constructor(daytona: Daytona, ttlMs: number, log: Log) {
    this.#daytona = daytona;
    this.#ttlMs = ttlMs;
    this.#log = log;
  }

  /**
   * Finds a sandbox's port in the cache, without the wait that even a settled promise costs.
   *
   * @throws ProxyError SANDBOX_NOT_RUNNING or SANDBOX_NOT_FOUND
   */
  known(address: SandboxAddress): Resolution | undefined {
    const link = this.#links.get(keyOf(address));
    const facts = this.#facts.get(address.id);
    if (facts) requireRunning(facts);
    if (!link || !facts) return undefined;
    if (link.sandboxId !== facts.id) {
      this.#forget(address, 'its name went to another sandbox');
      return undefined;
    }
    return { link, facts };
  }

  /** Counts a request for which Daytona was not asked. */
  noteHit({ id, port }: SandboxAddress): void {
    this.#hits += 1;
    if (this.#log.enabled('debug')) this.#log('debug', 'cache.hit', { sandbox: id, port });
  }

  /**
   * Finds a sandbox's port: from the cache, or by one round trip to Daytona, in which the link
   * and the sandbox's facts are asked for side by side.
   *
   * @throws ProxyError SANDBOX_NOT_FOUND, SANDBOX_NOT_RUNNING or one about the API
   */
  async resolve(address: SandboxAddress): Promise<Resolution> {
    const known = this.known(address);
    if (known) {
      this.noteHit(address);
      return known;
    }
    const key = keyOf(address);
    const link = this.#links.get(key);
    const facts = this.#facts.get(address.id);
    if (this.#missing.get(address.id)) throw new ProxyError('SANDBOX_NOT_FOUND');
    this.#misses += 1;
    if (this.#lookups.size >= maxLookups) {
      throw new ProxyError('DAYTONA_UNAVAILABLE', { retryAfter: 1 });
    }
    return this.#lookups.run(key, () => this.#lookUp(address, link, facts));
  }

  /**
   * Gives the facts of a sandbox in whatever state, at once where they are known.
   *
   * @throws ProxyError SANDBOX_NOT_FOUND or one about the API
   */
  factsOf(address: SandboxAddress): SandboxFacts | Promise<SandboxFacts> {
    const known = this.#facts.get(address.id);
    if (known) return known;
    if (this.#missing.get(address.id)) throw new ProxyError('SANDBOX_NOT_FOUND');
    if (this.#factLookups.size >= maxLookups) {
      throw new ProxyError('DAYTONA_UNAVAILABLE', { retryAfter: 1 });
    }
    return this.#factLookups.run(address.id, () => this.#askFacts(address.id));
  }

  /**
   * Gives the preview token of a sandbox in whatever state.
   *
   * @throws ProxyError SANDBOX_NOT_FOUND or one about the API
   */
  async tokenOf(address: SandboxAddress): Promise<PreviewLink> {
    const known = this.#links.get(keyOf(address)) ?? this.#tokens.get(keyOf(address));
    if (known) return known;
    if (this.#missing.get(address.id)) throw new ProxyError('SANDBOX_NOT_FOUND');
    if (this.#linkLookups.size >= maxLookups) {
      throw new ProxyError('DAYTONA_UNAVAILABLE', { retryAfter: 1 });
    }
    const link = await this.#linkLookups.run(keyOf(address), () =>
      this.#ask(address.id, () => this.#daytona.previewLink(address.id, address.port)),
    );
    this.#tokens.set(keyOf(address), link, notRunningMs);
    return link;
  }

  /** Takes a refusal by Daytona's edge as news about the sandbox. */
  noteRefusal(address: SandboxAddress, refusal: Refusal): void {
    if (refusal === 'not-listening' || this.#refused.get(address.id)) return;
    this.#refused.set(address.id, true, refusalPauseMs);
    const facts = this.#facts.get(address.id);
    this.#forget(address, refusal);
    if (facts && (refusal === 'stopped' || refusal === 'archived')) {
      this.#facts.set(address.id, { ...facts, state: refusal }, notRunningMs);
    }
  }

  /** Drops expired entries and says how many links those were. */
  sweep(): number {
    this.#facts.sweep();
    this.#missing.sweep();
    this.#refused.sweep();
    this.#tokens.sweep();
    return this.#links.sweep();
  }

  cached() {
    return this.#links.entries();
  }

  /** Expired links count until the next sweep. */
  cacheSize(): number {
    return this.#links.size;
  }

  counters(): { hits: number; misses: number } {
    return { hits: this.#hits, misses: this.#misses };
  }

  async #lookUp(
    address: SandboxAddress,
    knownLink: PreviewLink | undefined,
    knownFacts: SandboxFacts | undefined,
  ): Promise<Resolution> {
    const { id, port } = address;
    if (!knownLink) this.#log('info', 'cache.fetch', { sandbox: id, port });
    const [link, facts] = await Promise.all([
      knownLink ?? this.#ask(id, () => this.#daytona.previewLink(id, port)),
      knownFacts ?? this.#factLookups.run(id, () => this.#askFacts(id)),
    ]);
    // A start renews the token: no link may outlive the time in which its sandbox did not run.
    if (readState(facts.state) !== 'running') this.#links.deleteAll(`${id}:`);
    requireRunning(facts);
    if (facts.id !== link.sandboxId) {
      this.#forget(address, 'its name went to another sandbox');
      throw new ProxyError('DAYTONA_UNAVAILABLE', { retryAfter: 1 });
    }
    if (!knownLink) {
      this.#links.set(keyOf(address), link, this.#ttlMs);
      this.#log('info', 'cache.store', { sandbox: id, port });
    }
    return { link, facts };
  }

  async #askFacts(id: string): Promise<SandboxFacts> {
    const facts = await this.#ask(id, () => this.#daytona.facts(id));
    const running = readState(facts.state) === 'running';
    this.#facts.set(id, facts, Math.min(this.#ttlMs, running ? longestFactsMs : notRunningMs));
    return facts;
  }

  async #ask<T>(id: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof ProxyError && error.code === 'SANDBOX_NOT_FOUND') {
        this.#missing.set(id, true, missingMs);
      }
      throw error;
    }
  }

  #forget({ id, port }: SandboxAddress, reason: string): void {
    this.#links.deleteAll(`${id}:`);
    this.#facts.delete(id);
    this.#log('info', 'cache.forget', { sandbox: id, port, reason });
  }
}

function keyOf({ id, port }: SandboxAddress): string {
  return `${id}:${port}`;
}

function requireRunning({ state }: SandboxFacts): void {
  const reading = readState(state);
  if (reading === 'gone') throw new ProxyError('SANDBOX_NOT_FOUND');
  if (reading !== 'running') throw new ProxyError('SANDBOX_NOT_RUNNING', { state, retryAfter: 2 });
}
