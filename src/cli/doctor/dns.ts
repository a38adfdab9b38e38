import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { isLocalhost } from '../../host/localhost.ts';
import { type HostFormat, writeHost } from '../../host/parse.ts';
import { plainAddress } from '../../host/visitor.ts';
import type { Examination } from './examination.ts';
import { type Check, Failed, type Finding, failed, ok, Skipped } from './finding.ts';
import { isAddress } from './network.ts';

/** A host of a sandbox that there is not. */
export function strangeHost(domain: string, format: HostFormat = 'auto'): string {
  return writeHost(`doctor-${randomBytes(6).toString('hex')}`, 3000, domain, format);
}

/** Whether every name below each domain leads to the same place, and as far as it shows, here. */
export const dnsCheck: Check = {
  name: 'dns',
  find: async (exam: Examination): Promise<Finding> => {
    const { PROXY_DOMAIN } = exam.config;
    const domains = PROXY_DOMAIN.length > 0 ? PROXY_DOMAIN : [exam.domain];
    const asked = domains.filter((domain) => !isLocalhost(domain));
    if (asked.some(isAddress)) throw new Skipped('an address has no names below it');
    if (asked.length === 0)
      throw new Skipped('needs none: browsers lead *.localhost to their own machine');
    if (exam.network.pinned(strangeHost(asked[0] ?? ''), exam.port) !== undefined) {
      throw new Skipped('--resolve says the addresses');
    }
    const places: string[] = [];
    for (const domain of asked) {
      const found = await placeOf(exam, domain);
      if (typeof found !== 'string') return found;
      places.push(found);
    }
    return ok(places.join('; '));
  },
};

/** Says where a domain's names lead, or what is wrong with them. */
async function placeOf(exam: Examination, domain: string): Promise<string | Finding> {
  const record = (names: string, addresses: readonly string[]) => [
    `In the zone of ${domain}:`,
    ...names.split(' ').flatMap((name) => {
      const known = addresses.length > 0 ? addresses : ['{address of the front proxy}'];
      return known.map((at) => `  ${name}  300  IN  ${at.includes(':') ? 'AAAA' : 'A'}  ${at}`);
    }),
  ];
  const both = `*.${domain}. ${domain}.`;
  const [one, other, bare] = await Promise.all([
    exam.network.addressesOf(strangeHost(domain)),
    exam.network.addressesOf(strangeHost(domain, 'id-first')),
    exam.network.addressesOf(domain),
  ]).catch((error: NodeJS.ErrnoException) => {
    throw new Failed(`DNS does not answer for ${domain} (${error.code ?? error.message})`, [
      'Is the DNS server of this machine up (/etc/resolv.conf)? Another one: --dns 1.1.1.1',
    ]);
  });
  if (one.length === 0 && other.length === 0) {
    return failed(`there is no wildcard record: *.${domain} has no address`, record(both, bare));
  }
  if (one.join() !== other.join()) {
    return failed(
      `two names below ${domain} lead to different places: ${listOf(one)} and ${listOf(other)}`,
      record(both, []),
    );
  }
  if (bare.length === 0) {
    return failed(
      `*.${domain} leads to ${listOf(one)}, but ${domain} itself has no address (/health, the login)`,
      record(`${domain}.`, one),
    );
  }
  return `*.${domain} leads to ${listOf(one)}, ${nearness(one)}`;
}

function nearness(addresses: readonly string[]): string {
  const own = Object.values(networkInterfaces()).flatMap((all) =>
    (all ?? []).map(({ address }) => plainAddress(address)),
  );
  return addresses.every((address) => own.includes(address))
    ? 'which is this machine'
    : 'which no interface of this machine has: behind NAT or a load balancer that cannot be known from here, public-address below says it';
}

function listOf(addresses: readonly string[]): string {
  return addresses.length > 0 ? addresses.join(', ') : 'nowhere';
}
