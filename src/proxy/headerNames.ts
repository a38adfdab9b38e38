/**
 * Hop-by-hop fields (RFC 9110, section 7.6.1) with the two that servers still send.
 * `upgrade` and `connection` are written anew for the next hop where it needs them.
 */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer', // Trailers are not carried.
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Reads a name as servers do that map `_` to `-`: `X_Daytona_Preview_Token` is an alias too. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/** Makes the test for names that end at this hop: the fixed list and those named in Connection. */
export function hopByHopNames(rawHeaders: readonly string[]): (canonical: string) => boolean {
  let named: Set<string> | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.toLowerCase() !== 'connection') continue;
    for (const option of (rawHeaders[i + 1] ?? '').split(',')) {
      named ??= new Set();
      named.add(canonicalName(option.trim()));
    }
  }
  return named ? (name) => hopByHop.has(name) || named.has(name) : (name) => hopByHop.has(name);
}
