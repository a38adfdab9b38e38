import { canonicalName, hopByHopNames } from './headerNames.ts';
import { type LocationContext, ownLocation } from './location.ts';
import { cleanSetCookie } from './setCookie.ts';

const redirecting = new Set(['location', 'content-location']);
const fieldName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Builds the head of the answer to the visitor: the sandbox's fields in their order and with
 * their duplicates, without those that end at this hop or belong to Daytona.
 *
 * @returns flat pairs of names and values, ready for `writeHead`
 */
export function responseHead(rawHeaders: readonly string[], context: LocationContext): string[] {
  const head: string[] = [];
  const endsHere = hopByHopNames(rawHeaders);
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const canonical = canonicalName(name);
    if (endsHere(canonical) || isOurs(canonical) || !fieldName.test(name)) continue;
    const value = cleanValue(canonical, rawHeaders[i + 1] ?? '', context);
    if (value !== undefined && fieldValue.test(value)) head.push(name, value);
  }
  return head;
}

/** `X-Proxy-Error` marks our own answers, `X-Request-Id` is ours on every one. */
function isOurs(canonical: string): boolean {
  return (
    canonical === 'x-proxy-error' ||
    canonical === 'x-request-id' ||
    canonical.startsWith('x-daytona-')
  );
}

function cleanValue(name: string, value: string, context: LocationContext): string | undefined {
  if (name === 'set-cookie') return cleanSetCookie(value);
  return redirecting.has(name) ? ownLocation(value, context) : value;
}
