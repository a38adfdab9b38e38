import { STATUS_CODES } from 'node:http';
import type { ProxyError } from './errors.ts';

/**
 * Writes one of our errors as bytes, for a connection on which no request came to be: too many of
 * them, or no HTTP. The connection ends behind it.
 */
export function rawAnswer(error: ProxyError, requestId: string): string {
  const { code, message, status, retryAfter } = error;
  const body = JSON.stringify({ error: { code, message, requestId } });
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
