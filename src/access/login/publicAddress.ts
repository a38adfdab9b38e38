/** A provider that servers and browsers reach by different addresses, without a slash at the end. */
export interface Addresses {
  readonly inner: string;
  readonly publicly: string;
}

/** The address for us of what a provider says stands at its public one; any other as it is. */
export function inside(url: string, { inner, publicly }: Addresses): string {
  return moved(url, publicly, inner);
}

/** The address for browsers of what a provider says stands at its inner one; any other as it is. */
export function outside(url: string, { inner, publicly }: Addresses): string {
  return moved(url, inner, publicly);
}

function moved(url: string, from: string, to: string): string {
  const base = baseOf(from);
  const rest = url.slice(base.length);
  return url.startsWith(base) && /^(?:[/?#]|$)/.test(rest) ? baseOf(to) + rest : url;
}

/** As URLs are written where they were parsed: lower-case, without a default port. */
function baseOf(address: string): string {
  return new URL(address).href.replace(/\/$/, '');
}
