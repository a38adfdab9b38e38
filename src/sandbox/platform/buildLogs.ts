import { type Request, type RequestHandler, type Response, Router } from 'express';
import { findCredentials } from '../../access/credentials.ts';
import { clientLeft } from '../../exchange.ts';
import type { Carrier } from '../../proxy/middleware.ts';
import { ProxyError } from '../../replies/errors.ts';
import type { Platform } from './connectPlatform.ts';
import { runnerDoor } from './runnerWays.ts';

export interface BuildLogsParts {
  readonly platform: Platform;
  readonly allowPrivate: boolean;
  readonly carry: Carrier['handle'];
  /** The dashboard stands at another origin, and shows its user's JWT. */
  readonly share: RequestHandler;
}

const kinds = ['sandboxes', 'snapshots'] as const;

/**
 * `GET /sandboxes/{id}/build-logs` and `GET /snapshots/{id}/build-logs` on our own host, as the
 * platform's dashboard asks for them: the runner that builds is asked, for whoever Daytona lets see
 * what is built.
 */
export function buildLogPages({ platform, allowPrivate, carry, share }: BuildLogsParts): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const handle =
    (kind: (typeof kinds)[number]): RequestHandler<{ id: string }> =>
    async (req, res, next) => {
      const { exchange } = req;
      const { bearer } = findCredentials(req, '', '');
      if (bearer === undefined) throw new ProxyError('LOGIN_REQUIRED');
      const { snapshotRef, runner } = await platform.build(kind, req.params.id, bearer);
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
