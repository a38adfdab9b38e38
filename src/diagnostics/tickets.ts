import { randomBytes } from 'node:crypto';
import { BoundedCache } from '../boundedCache.ts';
import { fingerprint } from '../secrets.ts';

const most = 16;
const ttlMs = 300_000;
const uses = 100;

/** What lets a doctor on this machine ask for diagnostics through the public address, for a while. */
export class Tickets {
  readonly #known = new BoundedCache<{ left: number }>(most);

  /** Makes a ticket, good for 5 minutes and 100 requests. Of more than 16, the oldest end. */
  issue(): string {
    const ticket = randomBytes(32).toString('base64url');
    this.#known.set(fingerprint(ticket), { left: uses }, ttlMs);
    return ticket;
  }

  /** Uses a ticket once, if it is one. */
  spend(ticket: string): boolean {
    const known = this.#known.get(fingerprint(ticket));
    if (!known || known.left === 0) return false;
    known.left -= 1;
    return true;
  }
}
