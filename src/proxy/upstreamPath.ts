import type { Exchange } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';

/**
 * Gives the path and query that a request is sent with: byte for byte the visitor's, behind what
 * stands before all paths of its sandbox there. A runner has the paths of all its sandboxes, and of
 * the sandbox's own toolbox beside its ports: nothing may lead out of where it belongs.
 *
 * @throws ProxyError INVALID_REQUEST; UPSTREAM_INVALID where a redirect leads there
 */
export function upstreamPath({ upstream, target, trail }: Exchange): string {
  if (!upstream) throw new Error('a path without an upstream');
  const { pathPrefix } = upstream;
  const path = trail?.target ?? target;
  if (pathPrefix !== '' && climbs(path)) {
    const code = path === target ? 'INVALID_REQUEST' : 'UPSTREAM_INVALID';
    throw new ProxyError(code, { cause: new Error('a path out of its sandbox') });
  }
  return pathPrefix + path;
}

/** Servers on the way may decode a path each once more than the one before. */
const mostDecodings = 3;

/** True for a path that some server may read as one with `..` in it. No browser sends such a one. */
export function climbs(target: string): boolean {
  let path = target.split('?', 1)[0] ?? '';
  for (let i = 0; i <= mostDecodings; i++) {
    if (/(?:^|[/\\])\.\.(?:[/\\;]|$)/.test(path)) return true;
    if (!path.includes('%')) return false;
    path = path.replace(/%(25|2e|2f|5c|3b)/gi, (_all, hex) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
  return false;
}
