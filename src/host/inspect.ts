import type { IncomingMessage } from 'node:http';

const hostCharacters = /^[a-zA-Z0-9._:[\]-]+$/;

/**
 * Finds what Node's parser lets through but no two proxies read alike (RFC 9112, sections 3.2
 * and 6.1): such a request is refused before anything is decided from it.
 *
 * @returns why the request is refused, or undefined where it is sound
 */
export function inspectHead(req: IncomingMessage): string | undefined {
  if (req.httpVersion !== '1.1' && req.httpVersion !== '1.0') return 'HTTP version';
  if (!req.url?.startsWith('/')) return 'request target';

  const count = countNames(req.rawHeaders);
  if (count.host !== 1) return 'Host header given not exactly once';
  if (!hostCharacters.test(req.headers.host ?? '')) return 'characters in the Host header';
  if (count.contentLength > 1) return 'Content-Length given more than once';

  const encoding = req.headers['transfer-encoding'];
  if (encoding !== undefined) {
    if (encoding.toLowerCase() !== 'chunked') return 'Transfer-Encoding other than chunked';
    if (req.httpVersion === '1.0') return 'Transfer-Encoding on HTTP/1.0';
    if (count.contentLength > 0) return 'Transfer-Encoding beside Content-Length';
  }
  return undefined;
}

/** The same for an upgrade, of which only a plain WebSocket handshake is carried. */
export function inspectUpgrade(req: IncomingMessage): string | undefined {
  const problem = inspectHead(req);
  if (problem) return problem;
  if (req.method !== 'GET') return 'upgrade by another method than GET';
  if (req.httpVersion !== '1.1') return 'upgrade on HTTP/1.0';
  if (req.headers.upgrade?.toLowerCase() !== 'websocket') return 'upgrade to another protocol';
  const length = req.headers['content-length'];
  if (req.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')) {
    return 'upgrade with a body';
  }
  return undefined;
}

/** Counts in the raw list, because Node's parsed one keeps the first Host and forgets the rest. */
function countNames(rawHeaders: readonly string[]): { host: number; contentLength: number } {
  let host = 0;
  let contentLength = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') host += 1;
    else if (name.length === 14 && name.toLowerCase() === 'content-length') contentLength += 1;
  }
  return { host, contentLength };
}
