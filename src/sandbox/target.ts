import { isIP } from 'node:net';
import type { Target } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import type { Link } from './daytona.ts';

export interface TargetRules {
  /** Our own domains, lower-case. */
  readonly domains: readonly string[];
  /** The port that we listen on. */
  readonly ownPort: number;
}

/**
 * Checks what the API returned before it is dialled: http or https, no credentials, a host name
 * whose first label is exactly `{port}-{id}`, and not ourselves. Addresses are checked when the
 * name has been resolved (`proxy/lookup.ts`), so that no DNS answer gets around this.
 *
 * @throws ProxyError UPSTREAM_FORBIDDEN, or LOOP_DETECTED for one of our own hosts
 */
export function checkTarget(link: Link, port: number, rules: TargetRules): Target {
  const refuse = (why: string) =>
    new ProxyError('UPSTREAM_FORBIDDEN', { cause: new Error(`preview link with ${why}`) });
  const { url, target } = readTarget(link.url, refuse);
  const hostname = url.hostname.replace(/\.$/, '');
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) throw refuse('an address for a host name');
  const dot = hostname.indexOf('.');
  if (dot < 0) throw refuse('a host name without a domain');
  if (hostname.slice(0, dot) !== `${port}-${link.sandboxId.toLowerCase()}`) {
    throw refuse('the host of another sandbox or port');
  }
  // A self-hosted Daytona may share our domain on another port of the same machine.
  const ours = url.port === '' || url.port === String(rules.ownPort);
  if (ours && rules.domains.includes(hostname.slice(dot + 1))) {
    throw new ProxyError('LOOP_DETECTED');
  }
  return target;
}

/**
 * Reads an address that the API returned: http or https, without credentials.
 *
 * @throws what `refuse` makes of the reason
 */
export function readTarget(
  text: string,
  refuse: (why: string) => ProxyError,
): { readonly url: URL; readonly target: Target } {
  if (!URL.canParse(text)) throw refuse('no valid URL');
  const url = new URL(text);
  const { protocol, origin, host, hostname, port } = url;
  if (protocol !== 'http:' && protocol !== 'https:') throw refuse('another scheme');
  if (url.username !== '' || url.password !== '') throw refuse('credentials');
  return { url, target: { protocol, origin, host, hostname, port } };
}
