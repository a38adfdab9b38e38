import type { Exchange, Target } from '../exchange.ts';

export interface LocationContext {
  /** The sandbox's preview host. */
  readonly target: Target;
  /** The sandbox's port: the app believes that it is `localhost` there. */
  readonly port: number;
  readonly host: string;
  readonly proto: 'http' | 'https';
}

/** What an exchange's answer needs to find its own host in a redirect. */
export function locationContext({ upstream, sandbox, visitor }: Exchange): LocationContext {
  if (!upstream || !sandbox) throw new Error('an answer without an upstream');
  const { host, proto } = visitor;
  return { target: upstream.target, port: sandbox.port, host, proto };
}

/**
 * Brings a redirect to the sandbox's own host back to ours. What comes back is a path, so that it
 * is right behind any TLS front; any other address is the app's business and passes untouched.
 */
export function ownLocation(location: string, context: LocationContext): string {
  const [, scheme, authority = '', rest = ''] =
    /^(https?:)?\/\/([^/?#\\]*)(.*)$/is.exec(location) ?? [];
  if (!isSandbox(authority.toLowerCase(), scheme?.toLowerCase(), context)) return location;
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  // A path that begins with two slashes would itself name another host.
  return /^\/[\t\r\n]*[/\\]/.test(path) ? `${context.proto}://${context.host}${path}` : path;
}

function isSandbox(
  authority: string,
  scheme: string | undefined,
  context: LocationContext,
): boolean {
  const { target, port } = context;
  const local = /^(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(\d+))?$/.exec(authority);
  if (local && Number(local[1] ?? 80) === port) return true;
  const protocol = scheme ?? target.protocol;
  const defaultPort = protocol === 'https:' ? ':443' : ':80';
  const named = authority.endsWith(defaultPort)
    ? authority.slice(0, -defaultPort.length)
    : authority;
  // An edge behind TLS may redirect by http and the other way round: same host, same sandbox.
  return named !== '' && (named === target.host || named === target.hostname);
}
