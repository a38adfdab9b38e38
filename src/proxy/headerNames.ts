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
    if (!isConnection(rawHeaders[i] ?? '')) continue;
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

/**
 * Remembers what a pure function says of header names. The same few dozen come all the time, and
 * to lower, translate and match each one anew was a tenth of the time of a small request.
 */
export function remembered<T>(judge: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const verdict = judge(name);
    if (known.size >= mostNames) known.clear();
    if (name.length <= longestName) known.set(name, verdict);
    return verdict;
  };
}

/** A stranger may invent names: the memory stays small, and at worst of no use. */
const mostNames = 1_000;
const longestName = 64;

const isConnection = remembered((name) => name.toLowerCase() === 'connection');
