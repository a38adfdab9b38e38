import type { Exchange, OriginMode } from '../exchange.ts';
import { isForwarding } from '../forwarded.ts';
import { remembered } from '../remembered.ts';
import { withoutOwnCookies } from './cookie.ts';
import { canonicalName, isHopByHop, namedInConnection } from './headerNames.ts';
import { forwardedOrigin } from './origin.ts';

/** Our name in Via (RFC 9110, section 7.6.3); meeting it again means that we talk to ourselves. */
const pseudonym = 'daytona-proxy';

/**
 * Not taken from a visitor's fields, beside what proxies say about the way here: what steers
 * Daytona, and what we say ourselves. Names are compared with `_` read as `-`.
 */
const oursToSay = /^(?:x-daytona-.*|x-proxy-.*|x-request-id|traceparent|tracestate|host|expect)$/;

/** By these some apps take another method or path than the request's. */
const overriding =
  /^(?:x-http-method(?:-override)?|x-method-override|x-original-(?:url|uri)|x-rewrite-ur[li])$/;

/** What becomes of a visitor's field; only `pass` may still be named in Connection. */
type Verdict = 'pass' | 'drop' | 'te' | 'via' | 'origin' | 'cookie' | 'authorization' | 'override';

const verdictOn = remembered((name): Verdict => {
  const canonical = canonicalName(name);
  switch (canonical) {
    case 'te':
    case 'via':
    case 'origin':
    case 'cookie':
    case 'authorization':
      return name.includes('_') ? 'drop' : canonical;
  }
  if (overriding.test(canonical)) return 'override';
  if (isHopByHop(canonical) || isForwarding(canonical)) return 'drop';
  if (oursToSay.test(canonical)) return 'drop';
  // An alias of a field that frames the message is a trap for whoever reads it as the field.
  return canonical === 'content-length' && name.includes('_') ? 'drop' : 'pass';
});

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
  const { visitor, upstream, sandbox, requestId, trace } = exchange;
  if (!upstream || !sandbox) throw new Error('a request head without an upstream');
  const head = ['host', upstream.target.host];
  const named = namedInConnection(rawHeaders);
  let via = '';
  let trailers = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const value = rawHeaders[i + 1] ?? '';
    switch (verdictOn(name)) {
      case 'pass':
        if (!named?.has(canonicalName(name))) head.push(name, value);
        break;
      case 'override':
        if (!exchange.restricted && !named?.has(canonicalName(name))) head.push(name, value);
        break;
      case 'authorization':
        if (exchange.withheld !== 'authorization' && !named?.has('authorization')) {
          head.push(name, value);
        }
        break;
      case 'cookie': {
        const cookie = withoutOwnCookies(value);
        if (cookie !== undefined && !named?.has('cookie')) head.push(name, cookie);
        break;
      }
      case 'te':
        trailers ||= acceptsTrailers(value);
        break;
      case 'via':
        via += `${value}, `;
        break;
      case 'origin': {
        const origin = forwardedOrigin(value, {
          mode: exchange.originMode ?? originMode,
          host: visitor.host,
          port: sandbox.port,
          upstreamOrigin: upstream.target.origin,
        });
        if (origin !== undefined) head.push(name, origin);
      }
    }
  }
  if (trailers) head.push('te', 'trailers');
  head.push('x-forwarded-for', visitor.address);
  head.push('x-forwarded-proto', visitor.proto);
  head.push('x-forwarded-host', visitor.host);
  head.push('x-request-id', requestId);
  const { parent, state } = trace ?? {};
  if (parent !== undefined) head.push('traceparent', parent);
  if (state !== undefined) head.push('tracestate', state);
  head.push('via', `${via}1.1 ${pseudonym}`);
  head.push(...upstream.headers);
  return head;
}

/** True where a TE field says that the client reads trailers (RFC 9110, section 10.1.4). */
export function acceptsTrailers(te: string | string[] | undefined): boolean {
  return /(?:^|,)\s*trailers\s*(?:;|,|$)/i.test(String(te ?? ''));
}

/** True where the request has been here before. */
export function isLoop(via: string | undefined): boolean {
  return via?.split(',').some((hop) => hop.trim().split(/\s+/)[1] === pseudonym) ?? false;
}
