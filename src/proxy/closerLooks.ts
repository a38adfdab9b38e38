import { BoundedCache } from '../boundedCache.ts';
import type { Refusal, Upstream } from '../exchange.ts';
import { SingleFlight } from '../singleFlight.ts';
import type { Connections } from './connections.ts';
import { probePort } from './probe.ts';

/** Daytona's edge says no at once; whoever takes longer is the app. */
const patienceMs = 3_000;
/** An app may answer every HEAD so: within this time it is asked no second time. */
const knownMs = 2_000;
const cacheSize = 1_000;

/**
 * Tells whose a bodiless answer was, where only a body could tell: asks the sandbox's front page
 * with GET. Whoever asks at the same time, or soon after, shares what was found.
 */
export class CloserLooks {
  readonly #connections: Connections;
  readonly #flights = new SingleFlight<Refusal | undefined>();
  /** Statuses that an app has given of late. */
  readonly #ofApps = new BoundedCache<true>(cacheSize);

  constructor(connections: Connections) {
    this.#connections = connections;
  }

  /**
   * Finds out whether Daytona's edge refuses what was answered with this status.
   *
   * @returns undefined where it lets requests through: the answer was the app's
   */
  async refusal(upstream: Upstream, status: number): Promise<Refusal | undefined> {
    // Whose 404 it was says nothing about a 401.
    const key = `${status} ${upstream.target.origin}${upstream.pathPrefix}`;
    if (this.#ofApps.get(key)) return undefined;
    return this.#flights.run(key, async () => {
      const found = await probePort(this.#connections, upstream, patienceMs).catch(() => undefined);
      // Something has answered a moment ago.
      if (found !== undefined && found !== 'not-listening') return found;
      this.#ofApps.set(key, true, knownMs);
      return undefined;
    });
  }
}
