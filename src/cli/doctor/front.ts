import type { Dispatcher } from 'undici';
import { readJson } from '../answer.ts';
import { called } from '../name.ts';
import { isHealth } from '../ownProxy.ts';
import { arrivalOf, diagnose, ticketOf } from './diagnosis.ts';
import { strangeHost } from './dns.ts';
import type { Examination } from './examination.ts';
import { type Check, type Finding, failed, ok, Skipped } from './finding.ts';
import { fixFor } from './fixes.ts';
import { isAddress } from './network.ts';
import { explain, isGeneral, refusalOf } from './refusal.ts';

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
    if (!isHealth(await readJson(answer.body))) return stranger(exam, answer);
    try {
      const { instance } = await ticketOf(exam);
      const found = await arrivalOf(exam);
      if (found.instance === instance) return ok(`${origin} leads to the proxy on this machine`);
      throw new Error(`${origin} leads to somebody who pretends to be the proxy`);
    } catch (error) {
      if (!(error instanceof Skipped)) throw error;
      return ok(`${origin} leads to a daytona-proxy; which one, cannot be said`);
    }
  });
}

/** Says who has answered in the place of the proxy, or why that one did not know itself. */
async function stranger(
  exam: Examination,
  { statusCode: status, headers }: Dispatcher.ResponseData,
): Promise<Finding> {
  const asked = `${exam.url.origin}/health`;
  const code = refusalOf({ headers });
  if (code !== undefined) throw await explain(exam, asked, status, code);
  const { server = 'no name' } = headers;
  const who = `${asked} is answered ${status} by somebody else (Server: ${server})`;
  if (status < 502 || status > 504) return failed(who);
  return failed(`${who}, who does not reach the proxy`, [
    `Start it by: ${called('serve')}`,
    ...(await fixFor(exam, 'lead')),
  ]);
}

/** What a request looks like that has come by the public address. */
export async function arrival(exam: Examination) {
  const reached = await addressOf(exam).catch(() => undefined);
  if (reached?.result !== 'ok') throw new Skipped('public-address has to be right first');
  return arrivalOf(exam);
}

/** Where the public address leads. */
export const publicAddress: Check = { name: 'public-address', topic: 'lead', find: addressOf };

/** Whom it is asked for there. */
export const host: Check = {
  name: 'host',
  topic: 'host',
  find: async (exam) => {
    const { host: wanted } = exam.url;
    const found = await arrival(exam);
    if (found.host !== wanted) {
      return failed(`the front replaces Host: ${wanted} arrives as ${found.host}`);
    }
    if (isAddress(exam.domain)) {
      return ok('Host arrives as it was sent; an address has no sandboxes’ names below it');
    }
    const name = strangeHost(exam.domain, exam.config.HOST_FORMAT);
    const answer = await (await exam.way).ask('/', { host: name });
    await answer.body.dump().catch(() => {});
    const { statusCode } = answer;
    const code = refusalOf(answer);
    if (code === undefined) {
      return failed(
        `${wanted} leads to the proxy, but a sandbox’s host (${name}) was answered ${statusCode} by somebody else`,
        await fixFor(exam, 'lead'),
      );
    }
    if (code === 'INVALID_HOST' || code === 'NOT_FOUND') {
      return failed(`the proxy takes ${name} for no sandbox’s host: the front replaces Host there`);
    }
    if (isGeneral(code)) throw await explain(exam, name, statusCode, code);
    return ok('Host arrives as it was sent, of sandboxes too');
  },
};

const redirects: Check = {
  name: 'redirects',
  topic: 'redirects',
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
    return failed(changed.join('; '));
  },
};

const origin: Check = {
  name: 'origin',
  topic: 'origin',
  find: async (exam): Promise<Finding> => {
    const found = await arrival(exam);
    if (found.origin === exam.url.origin) return ok('Origin arrives as it was sent');
    return failed(
      `Origin: ${exam.url.origin} arrives as ${found.origin ?? 'nothing'}: apps refuse WebSockets and writes by it`,
    );
  },
};

/** What the front does to answers, and to a field that apps judge by. */
export const answerChecks: readonly Check[] = [redirects, origin];
