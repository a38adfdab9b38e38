import { isLocalhost } from '../../host/localhost.ts';
import { readJson } from '../answer.ts';
import { isHealth } from '../ownProxy.ts';
import { strangeHost } from './dns.ts';
import type { Examination } from './examination.ts';
import { type Check, failed, ok, Skipped } from './finding.ts';
import { addressOf } from './front.ts';
import { isAddress } from './network.ts';

const patienceMs = 5_000;
/** What a machine without IPv6 makes of an address: nothing is known of it. */
const unknowable = /ENETUNREACH|EADDRNOTAVAIL/;

/** Whether a proxy answers for each domain, at each of its addresses: a browser takes any of them. */
export const everyAddress: Check = {
  name: 'every-address',
  find: async (exam) => {
    const reached = await addressOf(exam).catch(() => undefined);
    if (reached?.result !== 'ok') throw new Skipped('public-address has to be right first');
    const all = [...new Set([exam.url.hostname, ...exam.config.PROXY_DOMAIN])];
    const domains = all.filter((domain) => !isLocalhost(domain) && !isAddress(domain));
    const places = (await Promise.all(domains.map((domain) => placesOf(exam, domain)))).flat();
    if (places.length === 0) throw new Skipped('DNS has none to look at');
    const problems = await Promise.all(places.map((place) => problemAt(exam, place)));
    const wrong = problems.filter((found) => found !== undefined && !unknowable.test(found));
    if (wrong.length === 0) {
      const right = places.filter((_place, i) => problems[i] === undefined);
      if (right.length === 0) throw new Skipped('this machine reaches none of them (no IPv6)');
      const said = right.map(({ domain, address }) => `${domain} at ${address}`);
      return ok(`a daytona-proxy answers for ${said.join(', ')}`);
    }
    return failed(wrong.join('; '), [
      'In DNS: no A and no AAAA record but those of the machine in front, for each of PROXY_DOMAIN',
    ]);
  },
};

interface Place {
  readonly domain: string;
  readonly address: string;
}

/** All that DNS leads to; where it has nothing, `dns` has said so. */
async function placesOf(exam: Examination, domain: string): Promise<Place[]> {
  const found = [domain, strangeHost(domain)].map((name) =>
    exam.network.find(name, exam.port).catch(() => []),
  );
  const addresses = new Set((await Promise.all(found)).flat().map(({ address }) => address));
  return [...addresses].map((address) => ({ domain, address }));
}

async function problemAt(
  exam: Examination,
  { domain, address }: Place,
): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(patienceMs);
    const answer = await exam.wayTo(domain, address).ask('/health', { signal });
    if (isHealth(await readJson(answer.body))) return undefined;
    return `${domain} at ${address} is answered ${answer.statusCode}, and not by the proxy`;
  } catch (error) {
    return `${address}: ${(error as Error).message}`;
  }
}
