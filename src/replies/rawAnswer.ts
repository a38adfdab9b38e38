import { STATUS_CODES } from 'node:http';
import type { ErrorCode, ProxyError } from './errors.ts';

/**
 * Writes one of our errors as bytes, for a connection on which no request came to be: too many of
 * them, or no HTTP. The connection ends behind it.
 *
 * @param status replaces the error's own where HTTP has a better one for this case
 */
export function rawAnswer(
  { code, message, status: own, retryAfter }: ProxyError,
  requestId: string,
  status = own,
): string {
  const body = JSON.stringify({ error: { code: code satisfies ErrorCode, message, requestId } });
  const fields = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    'Cache-Control: no-store',
    `X-Proxy-Error: ${code}`,
    `X-Request-Id: ${requestId}`,
  ];
  if (retryAfter !== undefined) fields.push(`Retry-After: ${retryAfter}`);
  return `${fields.join('\r\n')}\r\n\r\n${body}`;
}
