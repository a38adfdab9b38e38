import { type Exchange, pathOf, type Target } from '../exchange.ts';
import type { ErrorCode } from '../replies/errors.ts';
import type { FinishedExchange, Kind, Limit, Observer } from './observer.ts';

/** The limits behind our errors; others end connections without an answer. */
const limitOf: Partial<Record<ErrorCode, Limit>> = {
  RATE_LIMITED: 'rate',
  TOO_MANY_FAILURES: 'failures',
  TOO_MANY_MISSES: 'misses',
  TOO_MANY_CONNECTIONS: 'client-connections',
  SANDBOX_BUSY: 'sandbox-connections',
  TOO_MANY_STARTS: 'starts',
  OVERLOADED: 'descriptors',
};

/**
 * Tells of an exchange that is over.
 *
 * @param status what the client saw; 499 where it left before an answer
 */
export function tellFinished(observer: Observer, exchange: Exchange, status: number): void {
  const finished = finishedOf(exchange, status);
  const limit = finished.code && limitOf[finished.code];
  if (limit) observer.limited(limit, 1);
  observer.finished(finished);
}

function finishedOf(exchange: Exchange, status: number): FinishedExchange {
  const { timeline, visitor } = exchange;
  return {
    requestId: exchange.requestId,
    traceId: exchange.trace?.id,
    kind: kindOf(exchange),
    method: exchange.method,
    host: exchange.signedBy ? visitor.host.replace(exchange.signedBy, '[signed]') : visitor.host,
    path: pathOf(exchange),
    status,
    code: exchange.error,
    client: visitor.address,
    sandbox: exchange.sandbox,
    carried: exchange.carriedTo !== undefined,
    durationMs: timeline.end(),
    phases: timeline,
    firstByteMs: timeline.firstByteAfter,
    bytesUp: exchange.bytesUp,
    bytesDown: exchange.bytesDown,
    cache: exchange.cache,
    retries: exchange.retries,
    healed: exchange.healed,
    upstream: exchange.carriedTo && addressOf(exchange.carriedTo),
  };
}

function addressOf({ hostname, port, protocol }: Target): string {
  return `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
}

function kindOf({ kind, eventStream }: Exchange): Kind {
  if (kind === 'websocket') return kind;
  return eventStream ? 'events' : 'request';
}
