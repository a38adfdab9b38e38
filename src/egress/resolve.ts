import type { LookupAddress } from 'node:dns';
import { NODATA, NOTFOUND, Resolver } from 'node:dns/promises';

/** Finds the addresses of a name; rejects where nobody could be asked. */
export type Resolve = (name: string) => Promise<LookupAddress[]>;

/** The first try's time, in ms; the second has twice as much. */
const tries = { timeout: 2_000, tries: 2 };
/** So long the machine's settings are believed, in ms. */
const settingsMs = 30_000;

/**
 * Asks the DNS servers of the machine for both families of addresses (`/etc/resolv.conf`, without its
 * search domains and `/etc/hosts`). Not by `getaddrinfo`: that has four threads for all, which four
 * names would hold whose servers are silent.
 *
 * @param servers asked instead of the machine's, as `address:port`
 */
export function resolveBy(servers?: readonly string[]): Resolve {
  let resolver: Resolver | undefined;
  let readAt = 0;
  const current = () => {
    if (resolver && (servers || performance.now() - readAt < settingsMs)) return resolver;
    readAt = performance.now();
    resolver = new Resolver(tries);
    if (servers) resolver.setServers(servers);
    return resolver;
  };
  return async (name) => {
    const asked = current();
    const answers = await Promise.allSettled([asked.resolve4(name), asked.resolve6(name)]);
    const addresses = answers.flatMap((answer, i) =>
      answer.status === 'rejected'
        ? []
        : answer.value.map((address) => ({ address, family: i === 0 ? 4 : 6 })),
    );
    const failures = answers.flatMap((answer) =>
      answer.status === 'rejected' && !saysNone(answer.reason) ? [answer.reason] : [],
    );
    if (addresses.length === 0 && failures.length > 0) throw failures[0];
    return addresses;
  };
}

/** True where a server has said that there is no such address. */
function saysNone({ code }: NodeJS.ErrnoException): boolean {
  return code === NOTFOUND || code === NODATA;
}
