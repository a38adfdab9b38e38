import { remembered } from '../remembered.ts';
import { canonicalName, isHopByHop, namedInConnection } from './headerNames.ts';
import { type LocationContext, ownLocation } from './location.ts';
import { cleanSetCookie } from './setCookie.ts';

const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** What becomes of a sandbox's field; only `pass` may still be named in Connection. */
type Verdict = 'pass' | 'drop' | 'cookie' | 'redirect';

/**
 * Two fields reach beyond the sandbox: Alt-Svc sends the visitor's next request to another server
 * than this one, and Clear-Site-Data empties the cookies of the whole parent domain, its siblings'.
 */
const verdictOn = remembered((name): Verdict => {
  const canonical = canonicalName(name);
  if (!fieldName.test(name) || isHopByHop(canonical) || isOurs(canonical)) return 'drop';
  if (canonical === 'alt-svc' || canonical === 'clear-site-data') return 'drop';
  // An alias of a field that frames the message is a trap for whoever reads it as the field.
  if (canonical === 'content-length' && name.includes('_')) return 'drop';
  if (canonical === 'set-cookie') return 'cookie';
  return canonical === 'location' || canonical === 'content-location' ? 'redirect' : 'pass';
});

/** The fields by which a server lets other origins read its answers. */
function isCors(name: string): boolean {
  return canonicalName(name).startsWith('access-control-');
}

/** `X-Proxy-Error` marks our own answers, `X-Request-Id` is ours on every one. */
function isOurs(canonical: string): boolean {
  return (
    canonical === 'x-proxy-error' ||
    canonical === 'x-request-id' ||
    canonical.startsWith('x-daytona-')
  );
}

/**
 * Builds the head of the answer to the visitor: the sandbox's fields in their order and with
 * their duplicates, without those that end at this hop or belong to Daytona.
 *
 * @param ownsCors drops what the sandbox says of CORS, because somebody else does
 * @returns flat pairs of names and values, ready for `writeHead`
 */
export function responseHead(
  rawHeaders: readonly string[],
  context: LocationContext,
  ownsCors = false,
): string[] {
  const head: string[] = [];
  const named = namedInConnection(rawHeaders);
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const verdict = verdictOn(name);
    if (ownsCors && isCors(rawHeaders[i] ?? '')) continue;
    if (verdict === 'drop' || named?.has(canonicalName(name))) continue;
    const value = cleanValue(verdict, rawHeaders[i + 1] ?? '', context);
    if (value !== undefined && fieldValue.test(value)) head.push(name, value);
  }
  return head;
}

function cleanValue(verdict: Verdict, value: string, context: LocationContext): string | undefined {
  if (verdict === 'cookie') return cleanSetCookie(value);
  return verdict === 'redirect' ? ownLocation(value, context) : value;
}
