import type { IncomingMessage } from 'node:http';
import { isRead, type Visitor } from '../exchange.ts';

export interface CrossSiteRules {
  /** Origins whose pages may show a sandbox in a frame: `https://app.example.com`. */
  readonly embedders: ReadonlySet<string>;
  /** Origins whose pages may read a sandbox's answers: CORS_ORIGINS. */
  readonly readers: ReadonlySet<string>;
}

type Asked = Pick<IncomingMessage, 'method' | 'headers'>;

/**
 * Says whether a request that a cookie lets in may be another page's doing. All previews share a
 * parent domain, so SameSite does not keep them apart: a write or an upgrade needs an Origin of its
 * own host, and what a foreign page asks for passes only as a top-level navigation.
 *
 * @param ownOrigin scheme and host of the sandbox's own address, as the visitor sees it
 */
export function isForeign(
  { method, headers }: Asked,
  isUpgrade: boolean,
  ownOrigin: string,
  { embedders, readers }: CrossSiteRules,
): boolean {
  const { origin } = headers;
  const site = single(headers['sec-fetch-site']);
  const safe = !isUpgrade && isRead(method);
  if (origin !== undefined) {
    return origin.toLowerCase() !== ownOrigin && !embedders.has(origin) && !readers.has(origin);
  }
  if (!safe) return site !== 'same-origin';
  if (site !== 'cross-site' && site !== 'same-site') return false;
  if (method !== 'GET' || single(headers['sec-fetch-mode']) !== 'navigate') return true;
  const destination = single(headers['sec-fetch-dest']);
  if (destination === 'document') return false;
  return !(destination === 'iframe' && embedders.size > 0);
}

/** The origin of the address that was asked for, as a browser writes it. */
export function ownOrigin({ proto, host }: Visitor): string {
  const address = `${proto}://${host}`;
  return URL.canParse(address) ? new URL(address).origin : address; // Without a default port.
}

/** Says to browsers who may frame an answer: its own host, and who is listed. */
export function framedBy(embedders: ReadonlySet<string>): string {
  return ['frame-ancestors', "'self'", ...embedders].join(' ');
}

/** True for what a person opens in a browser: only that is ever sent to a login or another page. */
export function isNavigation({ method, headers }: Asked): boolean {
  if (method !== 'GET') return false;
  const mode = single(headers['sec-fetch-mode']);
  if (mode !== undefined) {
    return (
      mode === 'navigate' &&
      /^(?:document|iframe|frame)$/.test(single(headers['sec-fetch-dest']) ?? '')
    );
  }
  return headers.upgrade === undefined && /\btext\/html\b/i.test(headers.accept ?? '');
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
