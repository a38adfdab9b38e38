import { isIP } from 'node:net';
import { z } from 'zod';
import { tlsFiles } from '../../config/tlsVariables.ts';
import { plainAddress } from '../../host/visitor.ts';
import { type Arrival, claimedAddress, sureArrivalOf } from './diagnosis.ts';
import type { Examination } from './examination.ts';
import { type Check, type Finding, failed, ok, Skipped } from './finding.ts';
import { fixFor, trustLine } from './fixes.ts';
import { arrival } from './front.ts';
import type { Answer } from './publicWay.ts';

const loopback = /^(?:127\.|::1$)/;
/** What `/stats` tells, in every version. */
const figures = z.object({ totalCached: z.number() });

/** How the proxy says that `/stats` is not for whoever asks, or that it is not meant by this host. */
const shut = ['UNAUTHORIZED', 'INVALID_HOST', 'NOT_FOUND', 'INVALID_REQUEST'];

const visitor: Check = {
  name: 'visitor-address',
  topic: 'forwarded',
  find: async (exam) => {
    const found = await arrival(exam);
    const { peer, fronted, address, proto, forwardedProto } = found;
    const secure = exam.url.protocol === 'https:';
    const last = lastHopOf(found);
    if (last === claimedAddress && forwardedProto === null && !(secure && !tlsFiles(exam.config))) {
      return withoutFront(exam, found);
    }
    const expected = secure ? 'https' : 'http';
    const problems: string[] = [];
    const fix: string[] = [];
    if (!fronted) {
      problems.push(
        `the front at ${peer} is not trusted: to the proxy all visitors are ${peer} and share one limit`,
      );
      fix.push(...(await trustFix(exam)));
    }
    const wrong = wrongFields(found, last, expected);
    if (wrong !== undefined) {
      problems.push(wrong);
      fix.push(...(await fixFor(exam, 'forwarded')));
    }
    if (problems.length > 0) return failed(problems.join('; '), fix);
    if (address === claimedAddress) return believed(exam, found, last);
    const { connectingIp } = found;
    if (connectingIp !== null && plainAddress(connectingIp) !== address) {
      return failed(
        `Cloudflare says that you are ${connectingIp}, but the proxy takes you for ${address}: all visitors share the addresses of Cloudflare`,
        [
          'Nginx behind Cloudflare, in the server block, with each network of https://www.cloudflare.com/ips/:',
          '  set_real_ip_from {network};',
          '  real_ip_header   CF-Connecting-IP;',
          'Without another front, in .env of the proxy: these networks in TRUSTED_PROXIES',
        ],
      );
    }
    return ok(`you are ${address}, by ${proto}, says the front at ${peer}`);
  },
};

/** The nearest address that is said to be behind the front. */
function lastHopOf({ forwardedFor }: Arrival): string {
  return plainAddress((forwardedFor ?? '').split(',').at(-1)?.trim() ?? '');
}

function wrongFields({ forwardedProto }: Arrival, last: string, expected: string) {
  if (last === claimedAddress)
    return 'the front passes on the X-Forwarded-For that a visitor claims';
  if (isIP(last) === 0) return 'the front does not say who comes: no address in X-Forwarded-For';
  if (forwardedProto === expected) return undefined;
  return `X-Forwarded-Proto is ${forwardedProto ?? 'missing'} and not ${expected}`;
}

function withoutFront(exam: Examination, { fronted, peer, address }: Arrival): Finding {
  if (!fronted) return ok(`nobody stands in front; you come from ${address}`);
  if (loopback.test(peer) && !isTooWide(exam)) {
    throw new Skipped(
      `you came to the proxy directly, from ${peer}, which TRUSTED_PROXIES names: say the address of the front, --url https://…`,
    );
  }
  return failed(`${peer} is in TRUSTED_PROXIES, but no proxy: it may claim any address`, [
    'TRUSTED_PROXIES=   # only the addresses of proxies in front',
  ]);
}

/** What it means that the proxy has believed what only the doctor has claimed. */
async function believed(exam: Examination, { peer }: Arrival, last: string): Promise<Finding> {
  if (last === peer && !isTooWide(exam)) {
    throw new Skipped(
      `you came to the front from ${last}, which TRUSTED_PROXIES names: whether strangers may claim an address, is to be seen from elsewhere`,
    );
  }
  const sure = await sureArrivalOf(exam);
  const front = sure ? `${sure.peer}/${isIP(sure.peer) === 6 ? 128 : 32}` : '…';
  return failed('TRUSTED_PROXIES is too wide: a visitor may claim any address', [
    'In .env of the proxy, only the addresses of proxies in front:',
    `  TRUSTED_PROXIES=${front}`,
  ]);
}

/** Whether TRUSTED_PROXIES names even an address that nobody has. */
function isTooWide({ config }: Examination): boolean {
  return config.TRUSTED_PROXIES.check(claimedAddress);
}

/** Whom to trust is not to be learned from somebody who stands in between. */
async function trustFix(exam: Examination): Promise<string[]> {
  const sure = await sureArrivalOf(exam);
  return sure === undefined
    ? [
        'TRUSTED_PROXIES in .env has to name it; which address it has, is told with a right certificate',
      ]
    : ['In .env of the proxy:', `  ${trustLine(sure.peer)}`];
}

const stats: Check = {
  name: 'stats',
  find: async (exam) => {
    const { peer } = await arrival(exam);
    if (loopback.test(peer) && exam.port === exam.config.PORT) {
      throw new Skipped('you come from the machine itself, and nobody stands in front');
    }
    const way = await exam.way;
    for (const host of [exam.url.host, 'localhost']) {
      const answer = await way.askUnder(host, '/stats').catch(() => undefined);
      if (!isStats(answer?.text ?? '')) {
        requireRefusal(answer, host === exam.url.host);
        continue;
      }
      return failed(`strangers read /stats, which names sandboxes (Host: ${host})`, [
        'In .env of the proxy:',
        '  STATS_TOKEN=…   # 16 or more characters: openssl rand -hex 32',
        ...(await fixFor(exam, 'host')),
        ...(await fixFor(exam, 'forwarded')),
      ]);
    }
    return ok('strangers do not read /stats');
  },
};

/**
 * A front may answer for a host that is not meant for the proxy, or break off; for the public one
 * only the proxy's own refusal says something.
 */
function requireRefusal(answer: Answer | undefined, isPublic: boolean): void {
  const { status = 'not', code } = answer ?? {};
  if (code === undefined ? !isPublic : shut.includes(code)) return;
  throw new Skipped(`/stats is answered ${code ?? status}, which does not say who may read it`);
}

function isStats(text: string): boolean {
  try {
    return figures.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

/** For whom the proxy takes those who come by the public address. */
export const visitorChecks: readonly Check[] = [visitor, stats];
