import { isReserved } from '../access/reservedPorts.ts';
import type { Resolution } from './cache.ts';
import type { Link, SandboxFacts } from './daytona.ts';
import type { Destination, Way } from './mode.ts';
import { checkTarget, type TargetRules } from './target.ts';

/**
 * Makes ways out of links, each once: a link stays in the cache for thousands of requests.
 *
 * @param skipActivity has Daytona's edge not count what passes as use
 */
export function waysToEdge(rules: () => TargetRules, skipActivity: boolean) {
  const known = new WeakMap<Link, { forPublic: Way; forPrivate: Way }>();
  const steer = skipActivity ? [...steering, ...skipping] : steering;
  /** @throws ProxyError where the link leads to where nobody should be sent */
  return (found: Resolution, { port }: Destination): Way => {
    const { link } = found;
    let ways = known.get(link);
    if (!ways) {
      const target = checkTarget(link, port, rules());
      ways = {
        forPublic: { target, headers: steer, pathPrefix: '' },
        forPrivate: {
          target,
          headers: [...steer, 'x-daytona-preview-token', link.token],
          pathPrefix: '',
        },
      };
      known.set(link, ways);
    }
    return showsToken(found.facts, port) ? ways.forPrivate : ways.forPublic;
  };
}

/**
 * A public sandbox's edge passes the token on to the app: it is not the app's to know. Reserved ports
 * are Daytona's own, and ask for it on every sandbox.
 */
export function showsToken(facts: SandboxFacts, port: number): boolean {
  return !facts.public || isReserved(port);
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
