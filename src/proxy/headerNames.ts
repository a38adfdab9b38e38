/**
 * Hop-by-hop fields (RFC 9110, section 7.6.1) with the two that servers still send.
 * Those that the next hop needs are written anew for it.
 */
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** Reads a name as servers do that map `_` to `-`: `X_Daytona_Preview_Token` is an alias too. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll('_', '-');
}

/**
 * Finds the names that end at this hop because Connection lists them, beyond the fixed ones.
 *
 * @returns undefined where there is none, as with nearly every message
 */
export function namedInConnection(rawHeaders: readonly string[]): ReadonlySet<string> | undefined {
  let named: Set<string> | undefined;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const field = rawHeaders[i] ?? '';
    if (field.length !== 10 || field.toLowerCase() !== 'connection') continue;
    for (const option of (rawHeaders[i + 1] ?? '').split(',')) {
      const name = canonicalName(option.trim());
      if (hopByHop.has(name) || name === 'close') continue;
      named ??= new Set();
      named.add(name);
    }
  }
  return named;
}

/** True for a field that never passes a hop. */
export function isHopByHop(canonical: string): boolean {
  return hopByHop.has(canonical);
}
