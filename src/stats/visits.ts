import { keyOf, type SandboxAddress } from '../exchange.ts';
import type { Observer } from '../telemetry/observer.ts';

/** As many as the cache of sandboxes holds. */
const mostKnown = 10_000;

interface Visit {
  open: number;
  /** On the clock that never jumps. */
  lastAt: number;
}

/** Which sandboxes are visited at this moment, and when each was last; by the cache's keys. */
export class Visits implements Pick<Observer, 'carried' | 'finished'> {
  /** What the cache keeps a port's link by. */
  linkedBy: (address: SandboxAddress) => SandboxAddress = (address) => address;
  readonly #known = new Map<string, Visit>();

  carried(sandbox: SandboxAddress): void {
    const key = keyOf(this.linkedBy(sandbox));
    const visit = this.#known.get(key);
    if (visit) {
      visit.open += 1;
      visit.lastAt = performance.now();
      return;
    }
    if (this.#known.size >= mostKnown) this.#makeRoom();
    this.#known.set(key, { open: 1, lastAt: performance.now() });
  }

  finished({ sandbox, carried }: Parameters<Observer['finished']>[0]): void {
    if (!carried || !sandbox) return;
    const visit = this.#known.get(keyOf(this.linkedBy(sandbox)));
    if (!visit) return;
    visit.open -= 1;
    visit.lastAt = performance.now();
  }

  /** @returns what is open, and how many seconds ago somebody came or left last */
  of(key: string): { open: number; idle: number } | undefined {
    const visit = this.#known.get(key);
    if (!visit) return undefined;
    return { open: visit.open, idle: Math.floor((performance.now() - visit.lastAt) / 1000) };
  }

  /** Forgets a tenth of those that nobody visits; all others are as few as connections. */
  #makeRoom(): void {
    let left = mostKnown / 10;
    for (const [key, { open }] of this.#known) {
      if (open > 0) continue;
      this.#known.delete(key);
      left -= 1;
      if (left === 0) break;
    }
  }
}
