import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { proofOf } from '../../diagnostics/proof.ts';
import { readJson } from '../answer.ts';
import type { Ask } from '../ownProxy.ts';
import type { Examination } from './examination.ts';
import { Skipped } from './finding.ts';

/** So often an answer of another instance behind the same front is followed by one more try. */
const mostTries = 6;

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
      headers: { authorization: `Bearer ${proofOf(exam.config)}` },
      signal: AbortSignal.timeout(5_000),
    });
    const given = ticket.safeParse(await readJson(answer.body));
    if (given.success) return given.data;
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

/** Asks for diagnostics through the public address; undefined where another proxy answers. */
export async function diagnose(
  exam: Examination,
  path: string,
  { headers, ...ask }: Ask = {},
): Promise<Dispatcher.ResponseData> {
  const credential = await credentialOf(exam);
  const way = await exam.way;
  for (let tries = 1; ; tries += 1) {
    const answer = await way.ask(path, { ...ask, headers: { ...headers, ...credential } });
    if (!isStranger(answer) || tries === mostTries) return answer;
    await answer.body.dump().catch(() => {});
  }
}

/** True for the answer of a proxy that has not given the ticket. */
export function isStranger({ statusCode, headers }: Dispatcher.ResponseData): boolean {
  return statusCode === 401 && headers['x-proxy-error'] === 'UNAUTHORIZED';
}

/** How a request arrives through the public address that claims to come from somewhere else. */
export function arrivalOf(exam: Examination): Promise<Arrival> {
  return exam.once('arrival', async () => {
    const headers = { origin: exam.url.origin, 'x-forwarded-for': claimedAddress };
    const answer = await diagnose(exam, '/diagnostics', { headers });
    const found = seen.safeParse(await readJson(answer.body));
    if (found.success) return found.data;
    if (isStranger(answer)) {
      throw new Error(
        `${exam.url.origin} leads to a daytona-proxy, but not to the one on this machine`,
      );
    }
    throw new Error(`/diagnostics was answered ${answer.statusCode}, and not by the proxy`);
  });
}

/** Reads what an echo says first. */
export function readArrival(text: string): Arrival | undefined {
  try {
    return seen.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
