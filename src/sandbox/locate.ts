import type { Request, RequestHandler } from 'express';
import { addressOf, clientLeft, type Upstream } from '../exchange.ts';
import type { Activity } from './activity.ts';
import type { Resolution } from './cache.ts';
import type { SandboxDirectory } from './directory.ts';
import { awaken, type WakeParts } from './wake/stage.ts';
import type { Way } from './ways.ts';

export interface LocateParts {
  readonly directory: SandboxDirectory;
  readonly wayTo: (resolution: Resolution, port: number) => Way;
  readonly wake: WakeParts;
  readonly activity: Activity;
}

/** Stage 4: finds where the sandbox lives, awake or woken, and leaves the upstream on the request. */
export function locateSandbox({ directory, wayTo, wake, activity }: LocateParts): RequestHandler {
  const upstreamOf = (req: Request, found: Resolution): Upstream => {
    const address = addressOf(req.exchange);
    const { target, headers } = wayTo(found, address.port);
    const { link } = found;
    const again: Upstream['again'] = (refusal) =>
      find(req, () => directory.after(refusal, address, link));
    return { target, headers, sandboxId: link.sandboxId, again };
  };
  const find = async (req: Request, look: () => Promise<Resolution>): Promise<Upstream> => {
    try {
      return upstreamOf(req, await look());
    } catch (error) {
      await awaken(wake, req, error);
      const { exchange } = req;
      return upstreamOf(
        req,
        await directory.resolve(addressOf(exchange), exchange.visitor.network),
      );
    }
  };

  return async (req, res, next) => {
    const { exchange } = req;
    const address = addressOf(exchange);
    const known = directory.known(address);
    if (known && !exchange.lookedUp) directory.noteHit(address);
    exchange.upstream = known
      ? upstreamOf(req, known)
      : await find(req, () => directory.resolve(address, exchange.visitor.network));
    if (clientLeft(req, res)) return;
    exchange.noteUse = activity.watch(exchange, req, exchange.upstream.sandboxId);
    next();
  };
}
