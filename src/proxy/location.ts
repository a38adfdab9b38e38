import type { Exchange, Target } from '../exchange.ts';

export interface LocationContext {
  /** The sandbox's preview host. */
  readonly target: Target;
  /** The sandbox's port: the app believes that it is `localhost` there. */
  readonly port: number;
  readonly host: string;
  readonly proto: 'http' | 'https';
  /** What stands before the app's own paths where the request was sent. */
  readonly pathPrefix: string;
  /** What stands before them on our host. */
  readonly mount: string;
}

/** What an exchange's answer needs to find its own host in a redirect. */
export function locationContext(exchange: Exchange): LocationContext {
  const { upstream, sandbox, visitor, mount } = exchange;
  if (!upstream || !sandbox) throw new Error('an answer without an upstream');
  const { host, proto } = visitor;
  const { target, pathPrefix } = upstream;
  return { target, port: sandbox.port, host, proto, pathPrefix, mount };
}

/**
 * Brings a redirect to the sandbox's own host back to ours, and to where the sandbox stands there.
 * What comes back is a path, so that it is right behind any TLS front; any other address is the app's business and passes untouched.
 */
export function ownLocation(location: string, context: LocationContext): string {
  const [, scheme, authority = '', rest = ''] =
    /^(https?:)?\/\/([^/?#\\]*)(.*)$/is.exec(location) ?? [];
  const moved = context.pathPrefix !== '' || context.mount !== '';
  if (moved && /^\/(?![/\\])/.test(location))
    return sameHost(onOurHost(location, context), context);
  if (!isSandbox(authority.toLowerCase(), scheme?.toLowerCase(), context)) return location;
  return sameHost(onOurHost(rest, context), context);
}

/** A path that begins with two slashes would itself name another host. */
function sameHost(path: string, { proto, host }: LocationContext): string {
  return /^\/[\t\r\n]*[/\\]/.test(path) ? `${proto}://${host}${path}` : path;
}

/** Takes away what stands before an app's paths where it was asked, and adds what does here. */
function onOurHost(path: string, { pathPrefix, mount }: LocationContext): string {
  const below = path.slice(pathPrefix.length);
  const own = path.startsWith(pathPrefix) && /^(?:[/?#]|$)/.test(below) ? below : path;
  return mount + (own.startsWith('/') ? own : `/${own}`);
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
