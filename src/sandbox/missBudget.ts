import { ProxyError } from '../replies/errors.ts';

export interface MissLimits {
  /** Length of the window in which misses are counted, in ms. */
  readonly windowMs: number;
  /** Misses of one client in a window; 0 switches the limit off. */
  readonly perClient: number;
  /** Misses of all clients together; 0 switches the limit off. */
  readonly inAll: number;
}

/** How a call ended. */
export type Outcome<T> = { readonly found: T } | { readonly error: unknown };

/** Calls under way and misses so far, of one client or of all. */
class Account {
  misses = 0;
  pending = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit > 0 ? limit : Number.POSITIVE_INFINITY;
  }

  get spent(): boolean {
    return this.misses >= this.#limit;
  }

  /** True where all that is under way could still turn out to be as many misses as there may be. */
  get full(): boolean {
    return this.misses + this.pending >= this.#limit;
  }
}

/**
 * What may be spent on sandboxes that do not exist. Whoever guesses ids burns Daytona's patience
 * with the whole organization, so misses are counted, for each client and in all; what is found
 * costs nothing. While calls under way could still use up the rest, further ones wait for them.
 */
export class MissBudget {
  readonly #limits: MissLimits;
  #all: Account;
  #clients = new Map<string, Account>();
  #endsAt = 0;
  #waiting: (() => void)[] = [];

  constructor(limits: MissLimits) {
    this.#limits = limits;
    this.#all = new Account(limits.inAll);
  }

  /**
   * @param client whose request needs the call; undefined for a call of our own, which costs nothing
   * @param isMiss reads what the call gave, or failed with
   * @throws ProxyError TOO_MANY_MISSES, or what the call throws
   */
  async spend<T>(
    client: string | undefined,
    call: () => Promise<T>,
    isMiss: (outcome: Outcome<T>) => boolean,
  ): Promise<T> {
    if (client === undefined) return call(); // About what is known to be there, or was.
    let admitted = this.#admit(client);
    while (!admitted) {
      await new Promise<void>((look) => this.#waiting.push(look));
      admitted = this.#admit(client);
    }
    const [all, own] = admitted;
    all.pending += 1;
    own.pending += 1;
    const count = (outcome: Outcome<T>) => {
      if (!isMiss(outcome)) return;
      all.misses += 1;
      own.misses += 1;
    };
    try {
      const found = await call();
      count({ found });
      return found;
    } catch (error) {
      count({ error });
      throw error;
    } finally {
      all.pending -= 1;
      own.pending -= 1;
      if (own.pending === 0 && own.misses === 0) this.#clients.delete(client);
      for (const look of this.#waiting.splice(0)) look();
    }
  }

  /**
   * Says at once what `spend` would say, without the wait of a promise: a crowd is refused cheaply.
   *
   * @throws ProxyError TOO_MANY_MISSES
   */
  requireSome(client: string): void {
    const now = performance.now();
    if (now >= this.#endsAt) this.#begin(now);
    const retryAfter = Math.ceil((this.#endsAt - now) / 1000);
    if (this.#clients.get(client)?.spent) throw new ProxyError('TOO_MANY_MISSES', { retryAfter });
    if (this.#all.spent) throw new ProxyError('TOO_MANY_MISSES', { status: 503, retryAfter });
  }

  /** @returns undefined where there may be a place once a call under way has ended */
  #admit(client: string): [Account, Account] | undefined {
    this.requireSome(client);
    const all = this.#all;
    const own = this.#clients.get(client) ?? new Account(this.#limits.perClient);
    if (own.full || all.full) return undefined;
    this.#clients.set(client, own);
    return [all, own];
  }

  #begin(now: number): void {
    this.#endsAt = now + this.#limits.windowMs;
    this.#all = new Account(this.#limits.inAll);
    this.#clients = new Map();
  }
}
