/** Longer ones do not fit into an address any more, once they are sealed. */
const longest = 1_000;

/** True for a path that a login can lead back to. */
export function isReturnable(target: string): boolean {
  return target.startsWith('/') && target.length <= longest;
}

/**
 * Makes an address on the host that asked, whatever the path looks like: `//evil.example` and
 * `/\evil.example` are paths here, because the host stands before them.
 */
export function returnAddress(proto: 'http' | 'https', host: string, target: string): string {
  return `${proto}://${host}${target.startsWith('/') ? target : '/'}`;
}

/** Adds a parameter to a path that may have a query. */
export function withParameter(target: string, name: string, value: string): string {
  return `${target}${target.includes('?') ? '&' : '?'}${name}=${encodeURIComponent(value)}`;
}
