import { BoundedCache } from '../boundedCache.ts';
import { type CacheAnswer, keyOf, type SandboxAddress } from '../exchange.ts';
import type { Facts, Log } from '../log/logger.ts';
import { type Aged, AgeingCache } from './ageingCache.ts';
import type { Link, SandboxFacts } from './daytona.ts';
import { type Freshness, factsMs, unsureLinkMs } from './freshness.ts';
import type { LinkRules } from './mode.ts';
import { readState } from './state.ts';

const cacheSize = 10_000;
/** What another instance may know better is not kept for longer. */
const sharedMs = 5_000;

export interface CacheRules extends Freshness, Pick<LinkRules, 'linkedBy'> {
  /** True while other instances share what is known, and whatever is kept here is their word too. */
  readonly shared: () => boolean;
  /** Told of a link that is good for as long as links are. */
  readonly onKeepLink: (address: SandboxAddress, link: Link) => void;
  /** Told of what is forgotten here, and may be wrong elsewhere: a sandbox and ports of it. */
  readonly onForget: (id: string, ports: readonly number[]) => void;
}

/** Everything known about one port of a sandbox that runs. */
export interface Resolution {
  readonly link: Link;
  readonly facts: SandboxFacts;
  readonly by: CacheAnswer;
}

/** What Daytona has told of sandboxes, and how true it still is. */
export class SandboxCache {
  readonly #rules: CacheRules;
  readonly #log: Log;
  readonly #links: AgeingCache<Link>;
  readonly #facts: AgeingCache<SandboxFacts>;
  /** Of sandboxes that may not run: a start renews the token, so these are soon asked for again. */
  readonly #tokens = new BoundedCache<Link>(cacheSize);

  constructor(rules: CacheRules, log: Log) {
    this.#rules = rules;
    this.#log = log;
    this.#links = new AgeingCache(cacheSize, rules.staleMs);
    this.#facts = new AgeingCache(cacheSize, rules.staleMs);
  }

  link(address: SandboxAddress): Aged<Link> | undefined {
    return this.#links.get(this.#keyOf(address));
  }

  facts(id: string): Aged<SandboxFacts> | undefined {
    return this.#facts.get(id);
  }

  /** The link of a sandbox that may not run. */
  token(address: SandboxAddress): Link | undefined {
    return this.#tokens.get(this.#keyOf(address));
  }

  /** The last that was heard of both, fresh or not. */
  last(address: SandboxAddress): Resolution | undefined {
    const link = this.link(address)?.value;
    const facts = this.facts(address.id)?.value;
    return link && facts && link.sandboxId === facts.id ? { link, facts, by: 'stale' } : undefined;
  }

  keepLink(address: SandboxAddress, link: Link): void {
    this.#links.set(this.#keyOf(address), link, this.#bounded(this.#rules.ttlMs));
    this.#rules.onKeepLink(this.#rules.linkedBy(address), link);
    this.#log('info', 'cache.store', { sandbox: address.id, port: address.port });
  }

  keepToken(address: SandboxAddress, link: Link): void {
    this.#tokens.set(this.#keyOf(address), link, unsureLinkMs);
  }

  /** @param id the sandbox's id, or the name that it goes by */
  keepFacts(id: string, facts: SandboxFacts): void {
    const running = readState(facts.state) === 'running';
    this.#facts.set(id, facts, this.#bounded(factsMs(this.#rules, facts.state)), running);
    // A start renews the token: no link may outlive the time in which its sandbox did not run.
    const ports = running ? [] : this.#dropLinks(id);
    if (ports.length > 0) this.#rules.onForget(id, ports);
  }

  /**
   * Drops all that is known of a sandbox, by its id or the name that it goes by.
   *
   * @param elsewhere ports that only others may know
   * @param by what the log is told beside the reason
   */
  forget(id: string, reason: string, elsewhere: readonly number[] = [], by: Facts = {}): void {
    this.#facts.delete(id);
    this.forgetLinks(id, reason, elsewhere, by);
  }

  /** Drops the links to all its ports, which have the same token. */
  forgetLinks(id: string, reason: string, elsewhere: readonly number[] = [], by: Facts = {}): void {
    const ports = this.#dropLinks(id);
    this.#log('info', 'cache.forget', { ...by, sandbox: id, reason });
    this.#rules.onForget(id, [...new Set([...ports, ...elsewhere])]);
  }

  /**
   * Drops everything, here alone.
   *
   * @param by who wants it, for the log
   */
  clear(by: Facts = {}): void {
    for (const all of [this.#tokens, this.#links, this.#facts]) all.deleteAll('');
    this.#log('info', 'cache.forget', { ...by, sandbox: 'all', reason: 'an operator wants it' });
  }

  /** Drops what another instance has forgotten. */
  drop(id: string): void {
    this.#facts.delete(id);
    this.#dropLinks(id);
  }

  /** Drops expired entries and says how many links those were. */
  sweep(): number {
    this.#facts.sweep();
    this.#tokens.sweep();
    return this.#links.sweep();
  }

  /** How many links are kept, also those that only serve where Daytona does not answer. */
  get size(): number {
    return this.#links.size;
  }

  /** Fresh links with age and remaining time in whole seconds, oldest first. */
  entries(): { key: string; age: number; remaining: number }[] {
    return this.#links.entries();
  }

  #keyOf(address: SandboxAddress): string {
    return keyOf(this.#rules.linkedBy(address));
  }

  #bounded(ttlMs: number): number {
    return this.#rules.shared() ? Math.min(ttlMs, sharedMs) : ttlMs;
  }

  #dropLinks(id: string): number[] {
    const keys = [...this.#tokens.deleteAll(`${id}:`), ...this.#links.deleteAll(`${id}:`)];
    return keys.map((key) => Number(key.slice(id.length + 1)));
  }
}
