import type { RequestHandler } from 'express';
import { isReserved } from '../access/reservedPorts.ts';
import { addressOf, clientLeft, type Target } from '../exchange.ts';
import type { PreviewLink } from './daytona.ts';
import type { SandboxDirectory } from './directory.ts';
import { checkTarget, type TargetRules } from './target.ts';

/** What a link comes to, worked out once: a link stays in the cache for thousands of requests. */
interface Way {
  readonly target: Target;
  readonly publicHeaders: readonly string[];
  readonly privateHeaders: readonly string[];
}

/** Stage 4: finds where the sandbox lives and leaves the upstream on the request. */
export function locateSandbox(
  directory: SandboxDirectory,
  rules: () => TargetRules,
): RequestHandler {
  const ways = new WeakMap<PreviewLink, Way>();
  const wayOf = (link: PreviewLink, port: number): Way => {
    const known = ways.get(link);
    if (known) return known;
    const way = {
      target: checkTarget(link, port, rules()),
      publicHeaders: steering,
      privateHeaders: [...steering, 'x-daytona-preview-token', link.token],
    };
    ways.set(link, way);
    return way;
  };
  return async (req, res, next) => {
    const { exchange } = req;
    const address = addressOf(exchange);
    const known = directory.known(address);
    if (known && !exchange.lookedUp) directory.noteHit(address);
    const { link, facts } = known ?? (await directory.resolve(address));
    if (clientLeft(req, res)) return;
    const { target, publicHeaders, privateHeaders } = wayOf(link, address.port);
    exchange.upstream = {
      target,
      sandboxId: link.sandboxId,
      // A public sandbox's edge passes the token on to the app: it is not the app's to know.
      // Reserved ports are Daytona's own, and ask for it on every sandbox.
      headers: facts.public && !isReserved(address.port) ? publicHeaders : privateHeaders,
      refused: (refusal) => directory.noteRefusal(address, refusal),
    };
    next();
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
