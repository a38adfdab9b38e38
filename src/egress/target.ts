import { isIP } from 'node:net';

/** Where a sandbox wants to go. */
export interface EgressTarget {
  /** Lower-case and without the root's dot; an address without brackets, in its one usual form. */
  readonly host: string;
  readonly port: number;
  /** True where the request is plain HTTP and not a tunnel. */
  readonly plain: boolean;
}

const authority = /^(\[[0-9a-f:.]{2,45}\]|[^\s:@/?#\\[\]]{1,255}):(\d{1,5})$/i;
const hostName =
  /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/**
 * Reads the target of CONNECT: `host:port` and nothing else.
 *
 * @returns undefined where it is none
 */
export function tunnelTarget(requestTarget: string): EgressTarget | undefined {
  const [, name = '', digits = ''] = authority.exec(requestTarget) ?? [];
  const port = Number(digits);
  const host = usualHost(name);
  if (host === undefined || port < 1 || port > 65_535) return undefined;
  return { host, port, plain: false };
}

/**
 * Reads the target of a plain request: an absolute `http:` URL without user name.
 *
 * @returns undefined where it is none
 */
export function plainTarget(requestTarget: string): EgressTarget | undefined {
  // What URL would forgive, such as a backslash or a tab within, others may read as another host.
  if (!/^http:\/\/[^\s\\/?#@]+(?:[/?]|$)/i.test(requestTarget)) return undefined;
  const url = URL.canParse(requestTarget) ? new URL(requestTarget) : undefined;
  const host = url && usualHost(url.hostname);
  if (!url || host === undefined || url.port === '0') return undefined;
  return { host, port: url.port === '' ? 80 : Number(url.port), plain: true };
}

/**
 * Writes a host in its usual form. URL's rules for hosts turn every way to write an IPv4 address
 * (`0x7f.1`, `2130706433`, `017700000001`) into the one with four decimal numbers, as the system's
 * name lookup would do later.
 */
export function usualHost(name: string): string | undefined {
  const url = `http://${name}/`;
  if (!URL.canParse(url)) return undefined;
  const { hostname, pathname, username } = new URL(url);
  if (pathname !== '/' || username !== '') return undefined;
  const host = hostname.replace(/^\[|\]$|\.$/g, '');
  if (isIP(host) !== 0) return host;
  return host.length <= 253 && hostName.test(host) ? host : undefined;
}
