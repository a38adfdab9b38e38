import express, {
  type ErrorRequestHandler,
  type Express,
  type RequestHandler,
  Router,
} from 'express';
import { type AddressRules, checkAddress } from './access/addresses.ts';
import { type CorsRules, shareOrigins } from './access/cors.ts';
import { mayHearOf, recheckDoor } from './access/doors.ts';
import { isReserved } from './access/reservedPorts.ts';
import { findSigned, type SignedHostsParts } from './access/signedHosts.ts';
import { type AccessParts, guard } from './access/stage.ts';
import { takeAcceptance, type WarningRules, warnVisitors } from './access/warning.ts';
import { addressOf, clientLeft, type Exchange } from './exchange.ts';
import type { HostFormat } from './host/parse.ts';
import { findSandbox } from './host/stage.ts';
import { findToolbox } from './host/toolbox.ts';
import { limitOpen, type Occupancy } from './limits/occupancy.ts';
import { limitRate, type RateLimit } from './limits/rate.ts';
import type { Level, Log } from './log/logger.ts';
import { sparingly } from './log/sparingly.ts';
import type { Carrier } from './proxy/middleware.ts';
import { asProxyError, ProxyError } from './replies/errors.ts';
import { frontPage } from './replies/frontPage.ts';
import { type Figures, opsPages, type RequireOperator } from './replies/ops.ts';
import { sendError } from './replies/send.ts';
import { type LocateParts, locateSandbox } from './sandbox/locate.ts';
import { watchWake } from './sandbox/wake/watch.ts';

/** What the chain needs; every part is built in `assembly.ts`. */
export interface AppParts {
  readonly log: Log;
  readonly hosts: { readonly domains: readonly string[]; readonly format: HostFormat };
  readonly rateLimit: RateLimit;
  /** Connections of each client, shared with the server, which counts those without a request. */
  readonly clients: Occupancy;
  readonly sandboxes: Occupancy;
  readonly addresses: AddressRules;
  readonly cors: CorsRules;
  readonly access: AccessParts;
  /** Our own pages on hosts that are no sandbox's, beside the ops pages. */
  readonly pages: readonly RequestHandler[];
  /** True in the place of Daytona's own proxy. */
  readonly inPlatform: boolean;
  /** True where only Daytona's own ports of a sandbox are served. */
  readonly toolboxOnly: boolean;
  readonly signedHosts: SignedHostsParts;
  readonly warning: WarningRules;
  readonly sandbox: Omit<LocateParts, 'recheck' | 'mayHearOf'>;
  readonly carrier: Carrier;
  readonly figures: Figures;
  readonly requireOperator: RequireOperator;
}

/**
 * The walk of a request, and of an upgrade, in one place. The server has put an exchange on it;
 * each stage answers its question, leaves what the next one needs, or ends the walk by an error.
 */
export function createApp(parts: AppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');

  app.use(checkAddress(parts.addresses, parts.hosts));
  app.use(findSandbox(parts.hosts)); // 1 who is asked for?
  if (parts.inPlatform) app.use(findToolbox);
  app.use(limitRate(parts.rateLimit)); // 2 how often?
  app.use(limitOpen(parts.clients, 'TOO_MANY_CONNECTIONS', frontedVisitor)); // how many at once?
  app.use(forUs(parts));
  if (parts.toolboxOnly) app.use(refuseApps);
  app.use(shareOrigins(parts.cors));
  app.use(findSigned(parts.signedHosts));
  app.use(takeAcceptance(parts.warning));
  app.use(guard(parts.access)); // 3 who may?
  app.use(warnVisitors(parts.warning));
  app.use(watchWake(parts.sandbox.wake.waker, parts.sandbox.directory));
  const doors = { recheck: recheckDoor(parts.access), mayHearOf: mayHearOf(parts.access) };
  app.use(locateSandbox({ ...parts.sandbox, ...doors })); // 4 where does it live, is it awake?
  app.use(limitOpen(parts.sandboxes, 'SANDBOX_BUSY', ({ upstream }) => upstream?.sandboxId));
  app.use(parts.carrier.handle); // 5 carry the bytes
  app.use((_req, _res, next) => next(new ProxyError('INTERNAL'))); // Nobody else speaks for us.
  app.use(answerError(parts.log));
  return app;
}

/** The connections of a visitor behind a front proxy are not its own: its exchanges count. */
function frontedVisitor({ visitor }: Exchange): string | undefined {
  return visitor.fronted ? visitor.network : undefined;
}

/** A host that is no sandbox's has our own pages and nothing else. */
function forUs({ pages, figures, requireOperator, hosts, inPlatform }: AppParts): RequestHandler {
  const router = Router().use(...pages, opsPages(figures, requireOperator));
  // In the place of Daytona's own proxy, which has none.
  if (!inPlatform) router.use(frontPage(hosts));
  const example = `3000-my-sandbox.${hosts.domains[0] ?? 'example.com'}`;
  const nothing = () =>
    inPlatform ? new ProxyError('NOT_FOUND') : new ProxyError('INVALID_HOST', { example });
  return (req, res, next) => {
    if (req.exchange.sandbox) return next();
    return router(req, res, (error?: unknown) => next(readable(error) ?? nothing()));
  };
}

/** What Express's router makes of a path that it cannot decode is the visitor's doing. */
function readable(error: unknown): unknown {
  const { status = 500 } = (error ?? {}) as { status?: number };
  if (error instanceof ProxyError || status >= 500) return error;
  return new ProxyError('INVALID_REQUEST', { cause: error });
}

const refuseApps: RequestHandler = ({ exchange }, _res, next) =>
  next(isReserved(addressOf(exchange).port) ? undefined : new ProxyError('TOOLBOX_ONLY'));

/** A name with several addresses fails with an error for each, and none of its own. */
function causeOf({ cause }: ProxyError): string | undefined {
  const errors: unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  const messages = errors.flatMap((error) => (error instanceof Error ? error.message : []));
  return messages.length > 0 ? messages.join('; ') : undefined;
}

/** What happens to a crowd at once stands in its access lines; more of it would be a second crowd. */
function levelOf({ code, status }: ProxyError): Level {
  if (status < 500 || code === 'OVERLOADED' || code === 'TOO_MANY_MISSES') return 'debug';
  return code === 'INTERNAL' ? 'error' : 'warn';
}

/** The end of every failed walk: one log line, and an answer if anybody is there to read it. */
function answerError(log: Log): ErrorRequestHandler {
  const tellScarce = sparingly((count) => log('warn', 'limit.descriptors', { count }));
  return (thrown, req, res, _next) => {
    const error = asProxyError(thrown);
    const { exchange } = req;
    exchange.error = error.code;
    if (error.code === 'OVERLOADED') tellScarce();
    log(levelOf(error), 'proxy.error', {
      requestId: exchange.requestId,
      code: error.code,
      sandbox: exchange.sandbox?.id,
      port: exchange.sandbox?.port,
      cause: causeOf(error),
    });
    if (!clientLeft(req, res)) sendError(req, res, error);
  };
}
