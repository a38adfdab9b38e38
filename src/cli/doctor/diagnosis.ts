import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { proofOf } from '../../diagnostics/proof.ts';
import { readJson } from '../answer.ts';
import type { Ask } from '../ownProxy.ts';
import type { Examination } from './examination.ts';
import { Failed, Skipped } from './finding.ts';
import { fixFor } from './fixes.ts';
import { explain, isGeneral, refusalOf } from './refusal.ts';

/** So often an answer of another instance behind the same front is followed by one more try. */
export const mostTries = 20;

const ticket = z.object({ ticket: z.string().regex(/^[\w-]{43}$/), instance: z.string() });
const seen = z.object({
  instance: z.string(),
  host: z.string(),
  address: z.string(),
  proto: z.enum(['http', 'https']),
  fronted: z.boolean(),
  peer: z.ipv4().or(z.ipv6()),
  forwardedFor: z.string().nullable(),
  forwardedProto: z.string().nullable(),
  origin: z.string().nullable(),
  connectingIp: z.string().nullable(),
});
export type Arrival = z.output<typeof seen>;

/** An address of documentation (RFC 5737), which nobody can come from. */
export const claimedAddress = '198.51.100.77';

/** What of the proxy on this machine lets us ask it through the public address. */
export function ticketOf(exam: Examination): Promise<z.output<typeof ticket>> {
  return exam.once('ticket', async () => {
    const { proxy, why } = await exam.own;
    if (!proxy) throw new Skipped(`what arrives can be told by the proxy on this machine: ${why}`);
    // Goes to the proxy on this machine alone, and never through the front.
    const answer = await proxy.ask('/diagnostics/tickets', {
      method: 'POST',
      headers: { authorization: `Bearer ${proofOf(exam.config, Date.now())}` },
      signal: AbortSignal.timeout(5_000),
    });
    const given = ticket.safeParse(await readJson(answer.body));
    if (given.success) return given.data;
    const code = refusalOf(answer);
    if (code !== undefined && isGeneral(code)) {
      throw await explain(exam, 'the doctor on this machine', answer.statusCode, code);
    }
    const { DAYTONA_API_KEY: key } = exam.config;
    throw new Skipped(
      answer.statusCode === 401
        ? `the proxy on this machine was started with another ${key ? 'DAYTONA_API_KEY' : 'PROXY_API_KEY'} than this command has: restart it, or give both the same`
        : 'the proxy on this machine is of another version: restart it',
    );
  });
}

/** The header that opens diagnostics. */
export async function credentialOf(exam: Examination): Promise<{ authorization: string }> {
  return { authorization: `Bearer ${(await ticketOf(exam)).ticket}` };
}

/**
 * Asks for diagnostics through the public address.
 *
 * @throws Failed where the proxy refuses, Skipped or Failed where another proxy answers
 */
export async function diagnose(
  exam: Examination,
  path: string,
  { headers, ...ask }: Ask = {},
  way = exam.way,
): Promise<Dispatcher.ResponseData> {
  const all = { ...headers, ...(await credentialOf(exam)) };
  for (let tries = 1; tries <= mostTries; tries += 1) {
    const answer = await (await way).ask(path, { ...ask, headers: all });
    const code = refusalOf(answer);
    if (code === undefined) return answer;
    await answer.body.dump().catch(() => {});
    if (code !== 'UNAUTHORIZED') throw await explain(exam, path, answer.statusCode, code);
  }
  throw await strangers(exam);
}

/** What is to be said where only proxies have answered that have not given the ticket. */
export async function strangers(exam: Examination): Promise<Error> {
  const { origin } = exam.url;
  const { REDIS_URL, REDIS_HOST } = exam.config;
  return (REDIS_URL ?? REDIS_HOST) === undefined
    ? new Failed(
        `${origin} leads to a daytona-proxy, but not to the one on this machine`,
        await fixFor(exam, 'lead'),
      )
    : new Skipped(`${origin} leads to other instances, which this one’s ticket does not open`);
}

/** How a request arrives that claims to come from somewhere else. */
async function arrivalBy(exam: Examination, way = exam.way): Promise<Arrival> {
  const headers = { origin: exam.url.origin, 'x-forwarded-for': claimedAddress };
  const answer = await diagnose(exam, '/diagnostics', { headers }, way);
  const found = seen.safeParse(await readJson(answer.body));
  if (found.success) return found.data;
  throw new Error(`/diagnostics was answered ${answer.statusCode}, and not by the proxy`);
}

/** The same through the public address, once for all checks. */
export function arrivalOf(exam: Examination): Promise<Arrival> {
  return exam.once('arrival', () => arrivalBy(exam));
}

/** The same where nobody can have changed it on its way; undefined where that is not known. */
export function sureArrivalOf(exam: Examination): Promise<Arrival | undefined> {
  const { protocol, hostname } = exam.url;
  if (protocol === 'http:' && !exam.staysHere(hostname)) return Promise.resolve(undefined);
  return arrivalBy(exam, exam.safeWay).catch(() => undefined);
}

/** Reads what an echo says first. */
export function readArrival(text: string): Arrival | undefined {
  try {
    return seen.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
