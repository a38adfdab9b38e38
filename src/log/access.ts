import type { FinishedExchange, Observer } from '../telemetry/observer.ts';
import type { Facts, Log } from './logger.ts';

/** Writes the one access line of each finished request or socket. */
export function accessLog(log: Log): Partial<Observer> {
  if (!log.enabled('info')) return {};
  return { finished: (exchange) => log('info', 'access', factsOf(exchange)) };
}

function factsOf({ phases, ...exchange }: FinishedExchange): Facts {
  return {
    requestId: exchange.requestId,
    kind: exchange.kind === 'websocket' ? 'websocket' : 'http',
    method: exchange.method,
    host: exchange.host,
    path: exchange.path,
    status: exchange.status,
    code: exchange.code,
    client: exchange.client,
    sandbox: exchange.sandbox?.id,
    port: exchange.sandbox?.port,
    durationMs: Math.round(exchange.durationMs),
  };
}
