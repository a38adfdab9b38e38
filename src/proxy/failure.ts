import { ProxyError } from '../replies/errors.ts';

const unreachable: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/** Turns what a connection to the sandbox failed with into the error that we answer. */
export function upstreamError(cause: unknown): ProxyError {
  if (cause instanceof ProxyError) return cause;
  const code = String((cause as NodeJS.ErrnoException | undefined)?.code ?? '');
  const connection = unreachable.has(code) || /^(?:ERR_TLS|CERT_|UNABLE_TO|SELF_SIGNED)/.test(code);
  // The rest is what HTTP parsers say: an answer came, and it was none.
  return new ProxyError(connection ? 'UPSTREAM_UNREACHABLE' : 'UPSTREAM_INVALID', { cause });
}

/**
 * True where a pooled connection turned out to be closed by the peer before any byte of an answer:
 * the one case in which a request may be sent again. A connection that never carried an answer
 * before was not closed for its age, so its failure is told.
 */
export function wasStaleConnection(error: unknown): boolean {
  const { code, socket } = error as { code?: string; socket?: { bytesRead?: number } | null };
  if (code === 'ECONNRESET' || code === 'EPIPE') return true;
  return code === 'UND_ERR_SOCKET' && (socket?.bytesRead ?? 0) > 0;
}
