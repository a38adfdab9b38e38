import type { LocationContext } from './location.ts';
import { responseHead } from './responseHead.ts';

/** What frames, routes or admits is decided at the head, and may not be changed behind the body. */
const notInTrailers =
  /^(?:content-.*|set-cookie|location|host|cache-control|expires|vary|age|date|retry-after|authorization|www-authenticate|te|trailer|transfer-encoding|connection)$/i;

/** Builds the trailers for the visitor from the sandbox's (RFC 9110, section 6.5.1), in pairs. */
export function trailerPairs(
  rawTrailers: readonly string[],
  context: LocationContext,
): [string, string][] {
  const fields = responseHead(rawTrailers, context);
  const pairs: [string, string][] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] ?? '';
    if (!notInTrailers.test(name)) pairs.push([name, fields[i + 1] ?? '']);
  }
  return pairs;
}
