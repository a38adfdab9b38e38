import { z } from 'zod';
import { BoundedCache } from '../../boundedCache.ts';
import type { SharedStore } from '../../store/sharedStore.ts';
import type { Person } from './provider.ts';

const mostPeople = 10_000;

const stored = z.object({
  subject: z.string(),
  email: z.string().optional(),
  groups: z.array(z.string()),
  accessToken: z.string(),
});

/** Who has logged in, by the login's id. */
export class People {
  readonly #known = new BoundedCache<Person>(mostPeople);
  readonly #ttlMs: number;
  readonly #store: SharedStore | undefined;

  constructor(ttlMs: number, store?: SharedStore) {
    this.#ttlMs = ttlMs;
    this.#store = store;
  }

  async add(login: string, person: Person): Promise<void> {
    this.#known.set(login, person, this.#ttlMs);
    await this.#store?.write(`person:${login}`, person, this.#ttlMs);
  }

  /** The store comes first: another instance may have heard of them since, with a newer token. */
  async of(login: string): Promise<Person | undefined> {
    const shared = await this.#store?.read(`person:${login}`, stored);
    return shared ? { ...shared, email: shared.email } : this.#known.get(login);
  }

  async remove(login: string): Promise<void> {
    this.#known.delete(login);
    await this.#store?.remove(`person:${login}`);
  }

  sweep(): void {
    this.#known.sweep();
  }
}
