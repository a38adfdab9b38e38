import { type Request, type RequestHandler, type Response, Router } from 'express';
import { findCredentials } from '../../access/credentials.ts';
import type { Failures } from '../../access/failures.ts';
import { clientLeft } from '../../exchange.ts';
import type { Carrier } from '../../proxy/middleware.ts';
import { asProxyError, ProxyError } from '../../replies/errors.ts';
import type { Platform } from './connectPlatform.ts';
import { runnerDoor } from './runnerWays.ts';

export interface BuildLogsParts {
  readonly platform: Platform;
  readonly allowPrivate: boolean;
  readonly carry: Carrier['handle'];
  /** Of visitors who fail to get in. */
  readonly failures: Failures;
  /** The dashboard stands at another origin, and shows its user's JWT. */
  readonly share: RequestHandler;
}

const kinds = ['sandboxes', 'snapshots'] as const;

/**
 * `GET /sandboxes/{id}/build-logs` and `GET /snapshots/{id}/build-logs` on our own host, as the
 * platform's dashboard asks for them: the runner that builds is asked, for whoever Daytona lets see
 * what is built.
 */
export function buildLogPages(parts: BuildLogsParts): Router {
  const { platform, allowPrivate, carry, failures, share } = parts;
  const router = Router({ caseSensitive: true, strict: true });
  const handle =
    (kind: (typeof kinds)[number]): RequestHandler<{ id: string }> =>
    async (req, res, next) => {
      const { exchange } = req;
      const { bearer } = findCredentials(req, '', '');
      if (bearer === undefined) throw new ProxyError('LOGIN_REQUIRED');
      const { network } = exchange.visitor;
      const wait = await failures.waitFor(network);
      if (wait !== undefined) throw new ProxyError('TOO_MANY_FAILURES', { retryAfter: wait });
      const { snapshotRef, runner } = await platform
        .build(kind, req.params.id, bearer)
        .catch(async (error) => {
          if (asProxyError(error).code === 'SANDBOX_NOT_FOUND') await failures.note(network);
          throw error;
        });
      if (clientLeft(req, res)) return;
      const { target, path, headers } = runnerDoor(runner, allowPrivate);
      const follow = req.query.follow === 'true' ? '&follow=true' : '';
      exchange.target = `/snapshots/logs?snapshotRef=${encodeURIComponent(snapshotRef)}${follow}`;
      exchange.withheld = 'authorization';
      exchange.upstream = {
        target,
        headers,
        pathPrefix: path,
        sandboxId: req.params.id,
        again: async () => undefined,
      };
      await carry(req as Request, res as Response, next);
    };
  const name: RequestHandler<{ id: string }> = ({ exchange, params: { id } }, _res, next) => {
    exchange.sandbox = { id, port: 0 };
    next();
  };
  for (const kind of kinds) {
    const path = `/${kind}/:id/build-logs` as const;
    router.options(path, name, share as RequestHandler<{ id: string }>);
    router.get(path, name, share as RequestHandler<{ id: string }>, handle(kind));
  }
  return router;
}
