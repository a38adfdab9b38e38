import type { LookupAddress } from 'node:dns';
import { getServers, NODATA, NOTFOUND, REFUSED, Resolver, SERVFAIL } from 'node:dns/promises';
import { setTimeout as wait } from 'node:timers/promises';

/** Finds the addresses of a name; rejects where nobody could be asked. */
export type Resolve = (name: string) => Promise<LookupAddress[]>;

/** For each server, in ms; the second try has twice as much. */
const tries = { timeout: 2_000, tries: 2 };
/** So long the other family is waited for once one has answered, in ms: some servers never do. */
const otherFamilyMs = 500;
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
  let resolvers: readonly Resolver[] = [];
  let readAt = Number.NEGATIVE_INFINITY;
  const current = () => {
    if (performance.now() - readAt < settingsMs) return resolvers;
    readAt = performance.now();
    const all = servers ?? getServers();
    // A server that fails is the answer of all, for the library; so each is once the first.
    resolvers = all.map((_, i) => {
      const resolver = new Resolver(tries);
      resolver.setServers([...all.slice(i), ...all.slice(0, i)]);
      return resolver;
    });
    return resolvers;
  };
  return async (name) => {
    let failure: NodeJS.ErrnoException | undefined;
    for (const resolver of current()) {
      const found = await askBoth(resolver, name);
      if (found.addresses.length > 0 || !found.failure) return found.addresses;
      failure = found.failure;
      if (failure.code !== SERVFAIL && failure.code !== REFUSED) break;
    }
    throw failure ?? new Error('no DNS server');
  };
}

/** @returns `failure` where a family could not be asked for, which is another thing than having none */
async function askBoth(resolver: Resolver, name: string) {
  const addresses: LookupAddress[] = [];
  let failure: NodeJS.ErrnoException | undefined;
  const ask = async (answer: Promise<string[]>, family: number) => {
    try {
      for (const address of await answer) addresses.push({ address, family });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== NOTFOUND && code !== NODATA) failure = error as NodeJS.ErrnoException;
    }
  };
  const both = [ask(resolver.resolve4(name), 4), ask(resolver.resolve6(name), 6)];
  await Promise.race(both);
  const all = Promise.all(both);
  await (addresses.length > 0 ? Promise.race([all, wait(otherFamilyMs)]) : all);
  return { addresses: [...addresses], failure };
}
