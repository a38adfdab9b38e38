import { saysScarce, wereScarceSince } from '../descriptors.ts';
import { ProxyError } from '../replies/errors.ts';

/** What the system's name lookup says, also where it could not open what it reads. */
const lookupCodes = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA']);
const lookupMs = 1_000;

/**
 * Turns what a connection to the sandbox failed with into the error that we answer.
 *
 * @param heard true where bytes of an answer had come: then it was none, else there was none
 */
export function upstreamError(cause: unknown, heard: boolean): ProxyError {
  if (cause instanceof ProxyError) return cause;
  const { code = '' } = (cause ?? {}) as NodeJS.ErrnoException;
  const unclear = lookupCodes.has(code) && wereScarceSince(performance.now() - lookupMs);
  if (saysScarce(cause) || unclear) {
    // This machine's doing, and not the sandbox's.
    return new ProxyError('OVERLOADED', { cause, retryAfter: 1 });
  }
  return new ProxyError(heard ? 'UPSTREAM_INVALID' : 'UPSTREAM_UNREACHABLE', { cause });
}

/** What only connecting fails with: not a byte of the request has left. */
const connectCodes = new Set([
  ...lookupCodes,
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** True for an error after which it is sure that nobody has heard of the request. */
export function wasNotConnected(error: unknown): boolean {
  if (!(error instanceof ProxyError) || error.code !== 'UPSTREAM_UNREACHABLE') return false;
  const { code = '' } = (error.cause ?? {}) as NodeJS.ErrnoException;
  return connectCodes.has(code);
}
