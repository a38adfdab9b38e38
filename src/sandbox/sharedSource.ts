import { z } from 'zod';
import type { SandboxAddress } from '../exchange.ts';
import type { SharedStore } from '../store/sharedStore.ts';
import { hadNoAnswer } from './apiCalls.ts';
import { type Daytona, facts, type Link, link, type SandboxFacts } from './daytona.ts';
import { type Freshness, factsMs, unsureLinkMs } from './freshness.ts';

/** In the last part of its time somebody asks for it anew, while it still serves. */
const ageingPart = 0.2;
/** How long one instance may take to do that before another tries. */
const refreshMs = 10_000;
/** Changes whenever all is forgotten: what was asked for in another one is believed no more. */
const generationKey = 'generation';
const generationMs = 30 * 86_400_000;

/** Where sandboxes are asked about. */
export interface SandboxSource {
  /** @param refused a token that is known to be none any more */
  link(id: string, port: number, refused?: string): Promise<Link>;
  /** @param anew true where only Daytona's own word will do */
  facts(id: string, anew?: boolean): Promise<SandboxFacts>;
}

interface Kept<T> {
  readonly value: T;
  /** In ms since the epoch. */
  readonly freshUntil: number;
  /** How long it was to be fresh when it was written, in ms. */
  readonly ttlMs: number;
  /** In which it was asked for. */
  readonly generation: string;
}

interface Question<T> {
  readonly key: string;
  readonly schema: z.ZodType<T>;
  readonly ask: () => Promise<T>;
  readonly ttlMs: (value: T) => number;
  /** False for what is kept and known to be no longer true. */
  readonly believable: (value: T) => boolean;
}

/**
 * Asks Daytona once for all instances: what one of them was told stands in the store for the others.
 * Where the store cannot say, Daytona is asked; where Daytona cannot, the last answer serves.
 */
export class SharedSource implements SandboxSource {
  readonly #daytona: Pick<Daytona, 'link' | 'facts'>;
  readonly #store: SharedStore;
  readonly #rules: Freshness;
  /** The generation as it was last read; undefined while the store cannot say. */
  #generation: string | undefined;
  /** What Daytona itself has given, and the generation in which it was asked for. */
  readonly #given = new WeakMap<object, string | undefined>();

  constructor(daytona: Pick<Daytona, 'link' | 'facts'>, store: SharedStore, rules: Freshness) {
    this.#daytona = daytona;
    this.#store = store;
    this.#rules = rules;
  }

  link(id: string, port: number, refused?: string): Promise<Link> {
    return this.#look({
      key: `link:${id}:${port}`,
      schema: link,
      ask: () => this.#daytona.link(id, port),
      ttlMs: () => unsureLinkMs,
      believable: ({ token }) => token !== refused,
    });
  }

  facts(id: string, anew = false): Promise<SandboxFacts> {
    return this.#look({
      key: `facts:${id}`,
      schema: facts,
      ask: () => this.#daytona.facts(id),
      ttlMs: ({ state }) => factsMs(this.#rules, state),
      believable: () => !anew,
    });
  }

  /** Keeps the link of a sandbox that runs for as long as links are good. */
  keepLink({ id, port }: SandboxAddress, link: Link): void {
    // What came from the store is as old as it is: only Daytona's word begins anew.
    if (!this.#given.has(link)) return;
    void this.#keep(`link:${id}:${port}`, link, this.#rules.ttlMs);
    this.#given.delete(link);
  }

  /** Has nobody believe any more what is kept of a sandbox and these ports of it. */
  forget(id: string, ports: readonly number[]): void {
    void this.#store.remove(`facts:${id}`, ...ports.map((port) => `link:${id}:${port}`));
  }

  /** The same for all that is kept, whoever knows of it. */
  forgetAll(): Promise<void> {
    return this.#store.remove(generationKey);
  }

  /** Keeps what Daytona has told without being asked. */
  keepFacts(id: string, told: SandboxFacts): void {
    void this.#keep(`facts:${id}`, told, factsMs(this.#rules, told.state));
  }

  async #look<T extends object>(question: Question<T>): Promise<T> {
    const { key, schema, believable } = question;
    const [kept, now] = await Promise.all([
      this.#store.read(key, keptOf(schema)),
      this.#store.word(generationKey, generationMs),
    ]);
    this.#generation = now;
    const last = kept && kept.generation === now && believable(kept.value) ? kept : undefined;
    if (last) {
      const left = last.freshUntil - Date.now();
      const { ttlMs } = last;
      // More than it was ever given means that a clock was put back.
      if (left > 0 && left <= ttlMs) {
        if (left < ttlMs * ageingPart) this.#refresh(question, ttlMs).catch(() => {});
        return last.value;
      }
    }
    try {
      return await this.#ask(question);
    } catch (error) {
      if (!last || !hadNoAnswer(error)) throw error;
      return last.value;
    }
  }

  async #refresh<T extends object>(question: Question<T>, ttlMs: number): Promise<void> {
    if (await this.#store.claim(`refresh:${question.key}`, refreshMs)) {
      // As sure as what was there: whoever hears that the sandbox stopped removes both.
      await this.#ask({ ...question, ttlMs: () => ttlMs });
    }
  }

  async #ask<T extends object>({ key, ask, ttlMs }: Question<T>): Promise<T> {
    const generation = this.#generation;
    const value = await ask();
    this.#given.set(value, generation);
    void this.#keep(key, value, ttlMs(value));
    return value;
  }

  async #keep(key: string, value: object, ttlMs: number): Promise<void> {
    // Undefined, too, where the store could not say when it was asked for.
    const generation = this.#given.has(value) ? this.#given.get(value) : this.#generation;
    const kept = { value, freshUntil: Date.now() + ttlMs, ttlMs, generation };
    const written =
      generation !== undefined && (await this.#store.write(key, kept, ttlMs + this.#rules.staleMs));
    // What stood there before is out of date by now.
    if (!written) await this.#store.remove(key);
  }
}

function keptOf<T>(schema: z.ZodType<T>): z.ZodType<Kept<T>> {
  return z.object({
    value: schema,
    freshUntil: z.number(),
    ttlMs: z.number(),
    generation: z.string(),
  }) as unknown as z.ZodType<Kept<T>>;
}
