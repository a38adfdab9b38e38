import type { SandboxAddress } from '../exchange.ts';

export type HostFormat = 'auto' | 'port-first' | 'id-first';

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const portFirst = /^([1-9]\d{0,4})-(.+)$/;
const idFirst = /^(.+)-([1-9]\d{0,4})$/;
const compactUuid = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

/**
 * Finds the sandbox and port that a Host header names.
 *
 * @param host the raw header: any case, with or without a trailing dot and a `:port`
 * @param domains the configured domains, lower-case; with none of them the first label decides
 * @returns the address, or undefined where the host is not a sandbox's
 */
export function parseHost(
  host: string,
  domains: readonly string[],
  format: HostFormat,
): SandboxAddress | undefined {
  const { name } = splitHost(host.toLowerCase());
  const dot = name.indexOf('.');
  if (dot < 0) return undefined;
  if (domains.length > 0 && !domains.includes(name.slice(dot + 1))) return undefined;
  return parseLabel(name.slice(0, dot), format);
}

/** Writes the host of a sandbox's port below a domain, as `parseHost` reads it. */
export function writeHost(
  id: string,
  port: number | string,
  domain: string,
  format: HostFormat,
): string {
  return `${format === 'id-first' ? `${id}-${port}` : `${port}-${id}`}.${domain}`;
}

/** Divides a Host header into its name, without a trailing dot, and its `:port`, if it has one. */
export function splitHost(host: string): { readonly name: string; readonly port: string } {
  const port = /:\d{1,5}$/.exec(host)?.[0] ?? '';
  return { name: host.slice(0, host.length - port.length).replace(/\.$/, ''), port };
}

/** Parses the first label; a UUID never reads two ways, since none of its groups is a port. */
function parseLabel(text: string, format: HostFormat): SandboxAddress | undefined {
  if (!label.test(text)) return undefined;
  if (format !== 'id-first') {
    const [, port, id] = portFirst.exec(text) ?? [];
    const address = toAddress(id, port);
    if (address) return address;
  }
  if (format !== 'port-first') {
    const [, id, port] = idFirst.exec(text) ?? [];
    return toAddress(id, port);
  }
  return undefined;
}

function toAddress(id: string | undefined, digits: string | undefined): SandboxAddress | undefined {
  const port = Number(digits);
  if (!id || !label.test(id) || !(port <= 65_535)) return undefined;
  return { id: id.replace(compactUuid, '$1-$2-$3-$4-$5'), port };
}
