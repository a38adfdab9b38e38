import { isRead } from '../exchange.ts';
import type { FinishedExchange, Observer } from '../telemetry/observer.ts';
import { type Phase, phases } from '../telemetry/timeline.ts';
import type { Facts, Log } from './logger.ts';

/** Whatever takes as long as this may have to be explained, in ms. */
const slowMs = 1_000;

/**
 * Writes the access line of each finished request or socket: what is needed to explain why it was
 * slow or failed.
 *
 * @param sample of ordinary requests one in so many has a line
 */
export function accessLog(log: Log, sample: number): Partial<Observer> {
  if (!log.enabled('info')) return {};
  return {
    finished: (exchange) => {
      const ordinary = sample > 1 && isOrdinary(exchange);
      // By chance: of a page's ten files, the tenth would be the same one each time.
      if (ordinary && Math.random() * sample >= 1) return;
      log('info', 'access', factsOf(exchange, ordinary ? sample : undefined));
    },
  };
}

/** False for what somebody may look for: failures, slow ones, and what operators change here. */
function isOrdinary({ kind, method, carried, code, status, durationMs }: FinishedExchange) {
  const succeeded = !code && status < 400 && durationMs < slowMs;
  return kind === 'request' && succeeded && (carried || isRead(method));
}

/** @param sample how many requests the line stands for, where that is more than itself */
function factsOf(exchange: FinishedExchange, sample: number | undefined): Facts {
  const { phases: took } = exchange;
  return {
    requestId: exchange.requestId,
    traceId: exchange.traceId,
    kind: exchange.kind === 'request' ? 'http' : exchange.kind,
    method: exchange.method,
    host: exchange.host,
    path: exchange.path,
    status: exchange.status,
    code: exchange.code,
    client: exchange.client,
    sandbox: exchange.sandbox?.id,
    port: exchange.sandbox?.port,
    durationMs: Math.round(exchange.durationMs),
    limitsMs: tenths(took.limits),
    accessMs: tenths(took.access),
    lookupMs: tenths(took.lookup),
    connectMs: tenths(took.connect),
    waitMs: tenths(took.wait),
    bodyMs: tenths(took.body),
    longest: exchange.durationMs >= slowMs ? longestOf(took) : undefined,
    bytesUp: exchange.bytesUp || undefined,
    bytesDown: exchange.bytesDown || undefined,
    cache: exchange.cache,
    retries: exchange.retries || undefined,
    healed: exchange.healed || undefined,
    upstream: exchange.upstream,
    sample,
  };
}

/** Undefined for a phase that it did not come to, or that took next to no time. */
function tenths(ms: number): number | undefined {
  return ms < 0.1 ? undefined : Math.round(ms * 10) / 10;
}

function longestOf(took: FinishedExchange['phases']): Phase {
  return phases.reduce((longest, phase) => (took[phase] > took[longest] ? phase : longest));
}
