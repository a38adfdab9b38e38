import type { Exchange } from '../exchange.ts';
import type { Log } from './logger.ts';

/**
 * Writes the one access line of a finished request or socket.
 *
 * @param status what the client saw; 499 where it left before an answer
 */
export function logAccess(log: Log, exchange: Exchange, status: number): void {
  if (!log.enabled('info')) return;
  log('info', 'access', {
    requestId: exchange.requestId,
    kind: exchange.kind,
    method: exchange.method,
    host: exchange.signedBy ? hostWithout(exchange) : exchange.visitor.host,
    path: pathOf(exchange),
    status,
    code: exchange.error,
    client: exchange.visitor.address,
    sandbox: exchange.sandbox?.id,
    port: exchange.sandbox?.port,
    durationMs: Math.round(performance.now() - exchange.startedAt),
  });
}

/** The host without the token in it, which opens the sandbox. */
function hostWithout({ visitor, signedBy = '' }: Exchange): string {
  return visitor.host.replace(signedBy, '[signed]');
}

/** The path without its query, which may hold secrets. */
export function pathOf({ target }: Exchange): string {
  const query = target.search(/[?#]/);
  return query < 0 ? target : target.slice(0, query);
}
