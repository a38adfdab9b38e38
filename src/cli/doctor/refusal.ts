import type { IncomingHttpHeaders } from 'node:http';
import type { Examination } from './examination.ts';
import { Failed } from './finding.ts';
import { fixFor } from './fixes.ts';

/** Said where the proxy cannot take a host for a sandbox’s, or for its own. */
const ofHost = ['INVALID_HOST', 'NOT_FOUND', 'INVALID_REQUEST'];

/** Said before anybody asks what the request is for, and by which settings. */
const bySetting: Readonly<Record<string, readonly [name: string, fix: string]>> = {
  ADDRESS_REFUSED: ['IP_ALLOW, IP_DENY', 'IP_ALLOW=…,127.0.0.1/32   # and this machine’s address'],
  RATE_LIMITED: ['RATE_LIMIT_MAX', 'RATE_LIMIT_MAX=…   # or wait for RATE_LIMIT_WINDOW_MS'],
  TOO_MANY_CONNECTIONS: ['MAX_CONNECTIONS_PER_CLIENT', 'MAX_CONNECTIONS_PER_CLIENT=…'],
};

/** What the proxy calls its refusal; undefined for an answer of somebody else. */
export function refusalOf({ headers }: { readonly headers: IncomingHttpHeaders }) {
  const code = headers['x-proxy-error'];
  return code === undefined ? undefined : String(code);
}

/** True for a refusal that says nothing about the sandbox that was asked for. */
export function isGeneral(code: string): boolean {
  return ofHost.includes(code) || Object.hasOwn(bySetting, code);
}

/** Explains what the proxy itself has refused: by its Host, by a setting, or by neither. */
export async function explain(
  exam: Examination,
  asked: string,
  status: number,
  code: string,
): Promise<Failed> {
  const where = `${asked} is answered ${status} ${code} by the proxy`;
  if (ofHost.includes(code)) {
    const problem = `${where}: it does not take the request for its own`;
    return new Failed(problem, await fixFor(exam, 'host'));
  }
  const [name, fix] = (Object.hasOwn(bySetting, code) && bySetting[code]) || [];
  if (fix === undefined)
    return new Failed(`${where} itself`, [
      'README, Errors, says what it means; the log of the proxy, what was asked',
    ]);
  return new Failed(`${where} itself (${name})`, ['In .env of the proxy:', `  ${fix}`]);
}
