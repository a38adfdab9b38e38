import { isIP } from 'node:net';
import type { Target } from '../../exchange.ts';
import { ProxyError } from '../../replies/errors.ts';
import type { Resolution } from '../cache.ts';
import type { Link } from '../daytona.ts';
import type { Destination, Way } from '../mode.ts';
import { isPrivateAddress } from '../privateNetworks.ts';
import { readTarget } from '../target.ts';

/** A runner's address, checked. */
interface Door {
  readonly target: Target;
  /** The path that the runner is served under, without a slash at its end. */
  readonly path: string;
  readonly headers: readonly string[];
}

/**
 * Makes ways to sandboxes on their runners (DAYTONA.md, "Behind the edge").
 *
 * @param allowPrivate whether a runner may be named by a private address; names are looked at when
 * they are resolved
 */
export function waysToRunners(allowPrivate: boolean) {
  const doors = new WeakMap<Link, Door>();
  /** @throws ProxyError UPSTREAM_FORBIDDEN */
  return ({ link }: Resolution, { port, toolbox }: Destination): Way => {
    const door = doors.get(link) ?? runnerDoor(link, allowPrivate);
    doors.set(link, door);
    const base = `${door.path}/sandboxes/${link.sandboxId}/toolbox`;
    const { target, headers } = door;
    return { target, headers, pathPrefix: toolbox ? base : `${base}/proxy/${port}` };
  };
}

/**
 * Checks a runner's address before anything is sent there.
 *
 * @throws ProxyError UPSTREAM_FORBIDDEN
 */
export function runnerDoor(link: Omit<Link, 'sandboxId'>, allowPrivate: boolean): Door {
  const refuse = (why: string) =>
    new ProxyError('UPSTREAM_FORBIDDEN', { cause: new Error(`runner with ${why}`) });
  const { url, target } = readTarget(link.url, refuse);
  if (url.search !== '' || url.hash !== '') throw refuse('a query or a fragment');
  const address = target.hostname.replace(/^\[|\]$/g, '');
  if (!allowPrivate && isIP(address) !== 0 && isPrivateAddress(address)) {
    throw refuse('a private address; see ALLOW_PRIVATE_UPSTREAMS');
  }
  return {
    target,
    path: url.pathname.replace(/\/+$/, ''),
    headers: ['x-daytona-authorization', `Bearer ${link.token}`],
  };
}
