import type { IncomingHttpHeaders } from 'node:http';

/** What may stand in front of the proxy; `own` is the proxy’s own TLS with nothing before it. */
export type FrontKind = 'nginx' | 'caddy' | 'cloudflare' | 'traefik' | 'own';

/** Those that are told apart by what they say of themselves; Traefik says nothing. */
export const names: Readonly<Record<FrontKind, string>> = {
  nginx: 'Nginx',
  caddy: 'Caddy',
  cloudflare: 'Cloudflare',
  traefik: 'Traefik',
  own: 'daytona-proxy itself',
};

/** Recognizes a front proxy by an answer's head; undefined where it does not say. */
export function recognize(headers: IncomingHttpHeaders): FrontKind | undefined {
  const server = `${headers.server ?? ''} ${headers.via ?? ''}`.toLowerCase();
  if (headers['cf-ray'] !== undefined || /\bcloudflare\b/.test(server)) return 'cloudflare';
  if (/\bnginx\b|\bopenresty\b/.test(server)) return 'nginx';
  if (/\bcaddy\b/.test(server)) return 'caddy';
  return /\btraefik\b/.test(server) ? 'traefik' : undefined;
}
