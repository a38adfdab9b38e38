import type { Exchange } from '../exchange.ts';
import { canonicalName, hopByHopNames } from './headerNames.ts';
import { forwardedOrigin, type OriginMode } from './origin.ts';

/** Our name in Via (RFC 9110, section 7.6.3); meeting it again means that we talk to ourselves. */
const pseudonym = 'daytona-proxy';

/**
 * Never taken from a visitor: what a proxy says about the way here, and what steers Daytona.
 * Names are compared with `_` read as `-`.
 */
const oursToSay =
  /^(?:x-forwarded-.*|forwarded|x-real-ip|x-daytona-.*|x-request-id|via|host|expect)$/;

/**
 * Builds the head of the request to the sandbox: the visitor's own fields in their order, without
 * the ones that end here, then ours. Stripping comes first, so that no `Connection: x-daytona-…`
 * removes what we add.
 *
 * @returns flat pairs of names and values, as `rawHeaders` has them
 */
export function requestHead(
  rawHeaders: readonly string[],
  exchange: Exchange,
  originMode: OriginMode,
): string[] {
  const { visitor, upstream, sandbox, requestId } = exchange;
  if (!upstream || !sandbox) throw new Error('a request head without an upstream');
  const head = ['host', upstream.origin.host];
  const endsHere = hopByHopNames(rawHeaders);
  let via = '';
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const value = rawHeaders[i + 1] ?? '';
    const canonical = canonicalName(name);
    if (canonical === 'via') via += `${value}, `;
    if (endsHere(canonical) || oursToSay.test(canonical)) continue;
    if (canonical !== 'origin') {
      head.push(name, value);
      continue;
    }
    const origin = forwardedOrigin(value, {
      mode: originMode,
      host: visitor.host,
      port: sandbox.port,
      upstreamOrigin: upstream.origin.origin,
    });
    if (origin !== undefined) head.push(name, origin);
  }
  head.push('x-forwarded-for', visitor.address);
  head.push('x-forwarded-proto', visitor.proto);
  head.push('x-forwarded-host', visitor.host);
  head.push('x-request-id', requestId);
  head.push('via', `${via}1.1 ${pseudonym}`);
  for (const [name, value] of upstream.headers) head.push(name, value);
  return head;
}

/** True where the request has been here before. */
export function isLoop(via: string | undefined): boolean {
  return via?.split(',').some((hop) => hop.trim().split(/\s+/)[1] === pseudonym) ?? false;
}
