import type { Request, RequestHandler } from 'express';
import { addressOf, clientLeft, type Exchange, type Upstream } from '../exchange.ts';
import { asProxyError, ProxyError } from '../replies/errors.ts';
import type { Activity } from './activity.ts';
import type { AnsweringPorts } from './answeringPorts.ts';
import type { Resolution } from './cache.ts';
import type { SandboxFacts } from './daytona.ts';
import type { SandboxDirectory } from './directory.ts';
import type { SandboxMode } from './mode.ts';
import { awaken, type WakeParts } from './wake/awaken.ts';

export interface LocateParts {
  readonly directory: SandboxDirectory;
  readonly wayTo: SandboxMode['wayTo'];
  readonly wake: WakeParts;
  readonly activity: Activity;
  /** Throws where the visitor was let in to another sandbox, or by a door that has closed since. */
  readonly recheck: (exchange: Exchange, sandbox: SandboxFacts) => void;
  /** The ports of sandboxes that answer, and whether a visitor who was let in may hear of one. */
  readonly answering: AnsweringPorts;
  readonly mayHearOf: (exchange: Exchange, sandbox: SandboxFacts, port: number) => boolean;
}

/** Stage 4: finds where the sandbox lives, awake or woken, and leaves the upstream on the request. */
export function locateSandbox(parts: LocateParts): RequestHandler {
  const { directory, wayTo, wake, activity, recheck, answering, mayHearOf } = parts;

  /** By what is found at first: what comes behind a refusal is told of as healed. */
  const note = (exchange: Exchange, { by }: Resolution) => {
    if (exchange.cache !== undefined) return;
    exchange.cache = by === 'hit' && exchange.lookedUp ? 'miss' : by;
    directory.count(addressOf(exchange), exchange.cache);
  };
  const upstreamOf = (req: Request, found: Resolution): Upstream => {
    const { exchange } = req;
    const address = addressOf(exchange);
    note(exchange, found);
    recheck(exchange, found.facts);
    const way = wayTo(found, { port: address.port, toolbox: exchange.mount !== '' });
    const { sandboxId } = found.link;
    const again: Upstream['again'] = (refusal) =>
      find(req, () => directory.after(refusal, address, found)).catch((error) => {
        throw withOthers(exchange, found, error);
      });
    return { ...way, sandboxId, again, answered: () => answering.note(sandboxId, address.port) };
  };
  /** Names the ports that do answer, where it is this one's silence that the visitor hears of. */
  const withOthers = (exchange: Exchange, { facts }: Resolution, error: unknown): unknown => {
    const { code, cause } = asProxyError(error);
    if (code !== 'PORT_NOT_LISTENING') return error;
    answering.forget(facts.id, addressOf(exchange).port);
    const ports = answering.of(facts.id).filter((port) => mayHearOf(exchange, facts, port));
    return new ProxyError(code, { cause, ports });
  };
  const find = async (
    req: Request,
    look: () => Promise<Resolution | undefined>,
  ): Promise<Upstream | undefined> => {
    const { exchange } = req;
    try {
      const found = await look();
      return found && upstreamOf(req, found);
    } catch (error) {
      await awaken(wake, req, error);
      if (req.socket.destroyed) return undefined; // Nobody to find it for.
      exchange.lookedUp = true;
      const found = await directory.resolve(addressOf(exchange), exchange.visitor.network);
      return upstreamOf(req, found);
    }
  };

  return async (req, res, next) => {
    const { exchange } = req;
    exchange.timeline.enter('lookup');
    const address = addressOf(exchange);
    const known = directory.known(address);
    const upstream = known
      ? upstreamOf(req, known)
      : await find(req, () => directory.resolve(address, exchange.visitor.network));
    if (clientLeft(req, res)) return;
    if (!upstream) throw new ProxyError('INTERNAL');
    exchange.upstream = upstream;
    exchange.noteUse = activity.watch(exchange, req, upstream.sandboxId);
    next();
  };
}
