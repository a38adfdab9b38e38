import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { tlsFiles } from '../../config/tlsVariables.ts';
import { plainAddress } from '../../host/visitor.ts';
import { isLocalHost } from '../../replies/ops.ts';
import { readJson } from '../answer.ts';
import { called } from '../name.ts';
import { isHealth } from '../ownProxy.ts';
import { arrivalOf, claimedAddress, diagnose, ticketOf } from './diagnosis.ts';
import { strangeHost } from './dns.ts';
import type { Examination } from './examination.ts';
import { type Check, type Finding, failed, ok, Skipped } from './finding.ts';
import { fixFor, trustLine } from './fixes.ts';

/** Whether the public address leads to a proxy, and as far as that can be said, to this one. */
export function addressOf(exam: Examination): Promise<Finding> {
  return exam.once('address', async () => {
    const { origin } = exam.url;
    const way = await exam.way;
    const answer = await way.ask('/health').catch((error: Error) => error);
    if (answer instanceof Error) {
      if (/ENOTFOUND|has no address/.test(answer.message)) {
        return failed(`${exam.url.hostname} has no address in DNS`, [
          'Make the records that `dns` above asks for, or say the address: --resolve host:port:address',
        ]);
      }
      return failed(answer.message, [
        `Is the proxy in front up, and do firewall and router let port ${exam.port} in?`,
      ]);
    }
    const { statusCode, headers } = answer;
    if (!isHealth(await readJson(answer.body))) return stranger(exam, statusCode, headers);
    try {
      const { instance } = await ticketOf(exam);
      const found = await arrivalOf(exam);
      if (found.instance === instance) return ok(`${origin} leads to the proxy on this machine`);
      throw new Error(`${origin} leads to somebody who pretends to be the proxy`);
    } catch (error) {
      if (!(error instanceof Skipped)) {
        return failed((error as Error).message, await fixFor(exam, 'lead'));
      }
      return ok(`${origin} leads to a daytona-proxy; which one, cannot be said`);
    }
  });
}

/** Says who has answered in the place of the proxy, or why that one did not know itself. */
async function stranger(
  exam: Examination,
  status: number,
  { server = 'no name', 'x-proxy-error': code }: IncomingHttpHeaders,
): Promise<Finding> {
  const where = `${exam.url.origin}/health is answered ${status}`;
  if (code !== undefined) {
    const problem = `${where} ${code} by the proxy: it does not take the request for its own`;
    return failed(problem, await fixFor(exam, 'host'));
  }
  const who = `${where} by somebody else (Server: ${server})`;
  const lead = await fixFor(exam, 'lead');
  if (status < 502 || status > 504) return failed(who, lead);
  return failed(`${who}, who does not reach the proxy`, [
    `Start it by: ${called('serve')}`,
    ...lead,
  ]);
}

/** What a request looks like that has come by the public address. */
export async function arrival(exam: Examination) {
  await ticketOf(exam);
  const reached = await addressOf(exam).catch(() => undefined);
  if (reached?.result !== 'ok') throw new Skipped('public-address has to be right first');
  return arrivalOf(exam);
}

const host: Check = {
  name: 'host',
  find: async (exam) => {
    const { host: wanted } = exam.url;
    const found = await arrival(exam);
    if (found.host !== wanted) {
      const open = isLocalHost(found.host)
        ? '; with it strangers can pass for this machine, which may read /stats'
        : '';
      return failed(
        `the front replaces Host: ${wanted} arrives as ${found.host}${open}`,
        await fixFor(exam, 'host'),
      );
    }
    const name = strangeHost(exam.domain, exam.config.HOST_FORMAT);
    const { statusCode, headers, body } = await (await exam.way).ask('/', { host: name });
    await body.dump().catch(() => {});
    const code = headers['x-proxy-error'];
    if (code === undefined) {
      return failed(
        `${wanted} leads to the proxy, but a sandbox’s host (${name}) was answered ${statusCode} by somebody else`,
        await fixFor(exam, 'lead'),
      );
    }
    if (code === 'INVALID_HOST') {
      return failed(
        `the proxy takes ${name} for no sandbox’s host: the front replaces Host there`,
        await fixFor(exam, 'host'),
      );
    }
    return ok('Host arrives as it was sent, of sandboxes too');
  },
};

const visitor: Check = {
  name: 'visitor-address',
  find: async (exam) => {
    const found = await arrival(exam);
    const { peer, fronted, address, proto, forwardedFor, forwardedProto } = found;
    const secure = exam.url.protocol === 'https:';
    const expected = secure ? 'https' : 'http';
    const hops = (forwardedFor ?? '').split(',').map((hop) => plainAddress(hop.trim()));
    const last = hops.at(-1) ?? '';
    const direct = last === claimedAddress && forwardedProto === null;
    const hasFront = !direct || (secure && !tlsFiles(exam.config));
    if (!hasFront) {
      return fronted
        ? failed(`${peer} is in TRUSTED_PROXIES, but no proxy: it may claim any address`, [
            'TRUSTED_PROXIES=   # only the addresses of proxies in front',
          ])
        : ok(`nobody stands in front; you come from ${address}`);
    }
    const lines = () => fixFor(exam, 'forwarded');
    const problems: string[] = [];
    const fix: string[] = [];
    if (!fronted) {
      problems.push(
        `the front at ${peer} is not trusted: to the proxy all visitors are ${peer} and share one limit`,
      );
      fix.push('In .env of the proxy:', `  ${trustLine(peer)}`);
    }
    if (last === claimedAddress) {
      problems.push('the front passes on the X-Forwarded-For that a visitor claims');
      fix.push(...(await lines()));
    } else if (isIP(last) === 0) {
      problems.push('the front does not say who comes: no address in X-Forwarded-For');
      fix.push(...(await lines()));
    } else if (forwardedProto !== expected) {
      problems.push(`X-Forwarded-Proto is ${forwardedProto ?? 'missing'} and not ${expected}`);
      fix.push(...(await lines()));
    }
    if (problems.length > 0) return failed(problems.join('; '), fix);
    return ok(`you are ${last}, by ${proto}, says the front at ${peer}`);
  },
};

const redirects: Check = {
  name: 'redirects',
  find: async (exam) => {
    await arrival(exam);
    const { headers, body } = await diagnose(exam, '/diagnostics/redirect');
    const sent = (await readJson(body)) as { location?: string; cookies?: string[] } | undefined;
    if (!sent?.location || !sent.cookies) throw new Error('a redirect does not come through');
    const { location, 'set-cookie': given = [] } = headers;
    const cookies = [given].flat();
    const changed = [
      location !== sent.location && `Location: ${sent.location} became ${location}`,
      ...sent.cookies.map(
        (cookie) => !cookies.includes(cookie) && `the cookie “${cookie}” arrived as another`,
      ),
    ].filter((sentence) => sentence !== false);
    if (changed.length === 0) return ok('Location and two cookies arrive as they were sent');
    return failed(changed.join('; '), await fixFor(exam, 'redirects'));
  },
};

const origin: Check = {
  name: 'origin',
  find: async (exam): Promise<Finding> => {
    const found = await arrival(exam);
    if (found.origin === exam.url.origin) return ok('Origin arrives as it was sent');
    return failed(
      `Origin: ${exam.url.origin} arrives as ${found.origin ?? 'nothing'}: apps refuse WebSockets and writes by it`,
      await fixFor(exam, 'origin'),
    );
  },
};

/** Where the public address leads, and what arrives there. */
export const arrivalChecks: readonly Check[] = [
  { name: 'public-address', find: addressOf },
  host,
  visitor,
];

/** What the front does to answers, and to a field that apps judge by. */
export const answerChecks: readonly Check[] = [redirects, origin];
