import { Occupancy } from '../limits/occupancy.ts';
import { Budget } from './budget.ts';
import { Refusal } from './refusal.ts';

export interface EgressLimits {
  readonly connectionsPerSandbox: number;
  readonly windowMs: number;
  readonly requests: number;
  readonly requestsPerSandbox: number;
  readonly bytes: number;
  readonly bytesPerSandbox: number;
}

const everybody = '*';

/** What each sandbox, and all together, may use. How many connect in all is the listener's. */
export class Limits {
  readonly #connections: Occupancy;
  readonly #requests: Budget;
  readonly #allRequests: Budget;
  readonly #bytes: Budget;
  readonly #allBytes: Budget;

  constructor(limits: EgressLimits, now?: () => number) {
    const { windowMs } = limits;
    this.#connections = new Occupancy(limits.connectionsPerSandbox);
    this.#requests = new Budget(limits.requestsPerSandbox, windowMs, now);
    this.#allRequests = new Budget(limits.requests, windowMs, now);
    this.#bytes = new Budget(limits.bytesPerSandbox, windowMs, now);
    this.#allBytes = new Budget(limits.bytes, windowMs, now);
  }

  /**
   * Counts a request and the connection that it came on; `release` has to follow.
   *
   * @throws Refusal where there is no room; then nothing is to be released
   */
  enter(sandbox: string): void {
    const { secondsLeft } = this.#requests;
    if (!this.#requests.spend(sandbox, 1))
      throw tooMany('REQUESTS', 'MAX_REQUESTS_PER_SANDBOX', secondsLeft);
    if (!this.#allRequests.spend(everybody, 1))
      throw tooMany('REQUESTS', 'MAX_REQUESTS', secondsLeft);
    if (this.#bytes.isSpent(sandbox)) throw tooMany('BYTES', 'MAX_BYTES_PER_SANDBOX', secondsLeft);
    if (this.#allBytes.isSpent(everybody)) throw tooMany('BYTES', 'MAX_BYTES', secondsLeft);
    if (!this.#connections.take(sandbox)) {
      throw tooMany('CONNECTIONS', 'MAX_CONNECTIONS_PER_SANDBOX', 1);
    }
  }

  release(sandbox: string): void {
    this.#connections.release(sandbox);
  }

  /** Counts bytes that have moved. @returns false where they were more than the window has left */
  charge(sandbox: string, bytes: number): boolean {
    const own = this.#bytes.spend(sandbox, bytes);
    return this.#allBytes.spend(everybody, bytes) && own;
  }
}

function tooMany(what: 'REQUESTS' | 'BYTES' | 'CONNECTIONS', limit: string, seconds: number) {
  const said = what.toLowerCase();
  const when = what === 'CONNECTIONS' ? 'close some first' : `try again in ${seconds} s`;
  return new Refusal(
    `TOO_MANY_${what}`,
    `Too many ${said}: ${when}. The limit is EGRESS_${limit}.`,
    seconds,
  );
}
