import type { RequestHandler } from 'express';
import { clientLeft } from '../exchange.ts';
import type { SandboxDirectory } from './directory.ts';
import { checkTarget, type TargetRules } from './target.ts';

/** Stage 4: finds where the sandbox lives and leaves the upstream on the request. */
export function locateSandbox(
  directory: SandboxDirectory,
  rules: () => TargetRules,
): RequestHandler {
  return async (req, res, next) => {
    const { exchange } = req;
    const address = exchange.sandbox;
    if (!address) throw new Error('a request without a sandbox came past the host stage');
    const { link, facts } = await directory.resolve(address);
    if (clientLeft(req, res)) return;
    exchange.upstream = {
      origin: checkTarget(link, address.port, rules()),
      // A public sandbox's edge passes the token on to the app: it is not the app's to know.
      headers: facts.public ? steering : [...steering, ['x-daytona-preview-token', link.token]],
      refused: (refusal) => directory.noteRefusal(address, refusal),
    };
    next();
  };
}

/** What makes Daytona's edge step aside (DAYTONA.md, "The preview edge"). */
const steering: readonly (readonly [string, string])[] = [
  ['x-daytona-skip-preview-warning', 'true'],
  ['x-daytona-disable-cors', 'true'],
  ['x-daytona-trust-forwarded-host', 'true'],
];
