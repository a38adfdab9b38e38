import { ProxyError } from '../replies/errors.ts';

/**
 * Turns what a connection to the sandbox failed with into the error that we answer.
 *
 * @param heard true where bytes of an answer had come: then it was none, else there was none
 */
export function upstreamError(cause: unknown, heard: boolean): ProxyError {
  if (cause instanceof ProxyError) return cause;
  const { code } = (cause ?? {}) as NodeJS.ErrnoException;
  // No descriptor is left, or no memory for a socket: that is this machine's doing.
  if (code === 'EMFILE' || code === 'ENFILE' || code === 'ENOBUFS') {
    return new ProxyError('OVERLOADED', { cause, retryAfter: 1 });
  }
  return new ProxyError(heard ? 'UPSTREAM_INVALID' : 'UPSTREAM_UNREACHABLE', { cause });
}
