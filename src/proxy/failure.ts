import { ProxyError } from '../replies/errors.ts';

/**
 * Turns what a connection to the sandbox failed with into the error that we answer.
 *
 * @param heard true where bytes of an answer had come: then it was none, else there was none
 */
export function upstreamError(cause: unknown, heard: boolean): ProxyError {
  if (cause instanceof ProxyError) return cause;
  return new ProxyError(heard ? 'UPSTREAM_INVALID' : 'UPSTREAM_UNREACHABLE', { cause });
}
