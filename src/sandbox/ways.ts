import { isReserved } from '../access/reservedPorts.ts';
import type { Upstream } from '../exchange.ts';
import type { Resolution } from './cache.ts';
import type { PreviewLink } from './daytona.ts';
import { checkTarget, type TargetRules } from './target.ts';

/** How a port is reached, and what must be said there. */
export type Way = Pick<Upstream, 'target' | 'headers'>;

/**
 * Makes ways out of links, each once: a link stays in the cache for thousands of requests.
 *
 * @param skipActivity has Daytona's edge not count what passes as use
 */
export function waysTo(rules: () => TargetRules, skipActivity: boolean) {
  const known = new WeakMap<PreviewLink, { forPublic: Way; forPrivate: Way }>();
  const steer = skipActivity ? [...steering, ...skipping] : steering;
  /** @throws ProxyError where the link leads to where nobody should be sent */
  return ({ link, facts }: Resolution, port: number): Way => {
    let ways = known.get(link);
    if (!ways) {
      const target = checkTarget(link, port, rules());
      ways = {
        forPublic: { target, headers: steer },
        forPrivate: { target, headers: [...steer, 'x-daytona-preview-token', link.token] },
      };
      known.set(link, ways);
    }
    // A public sandbox's edge passes the token on to the app: it is not the app's to know.
    // Reserved ports are Daytona's own, and ask for it on every sandbox.
    return facts.public && !isReserved(port) ? ways.forPublic : ways.forPrivate;
  };
}

/** What makes Daytona's edge step aside (DAYTONA.md, "The preview edge"). */
const steering: readonly string[] = [
  'x-daytona-skip-preview-warning',
  'true',
  'x-daytona-disable-cors',
  'true',
  'x-daytona-trust-forwarded-host',
  'true',
];
const skipping: readonly string[] = ['x-daytona-skip-last-activity-update', 'true'];
