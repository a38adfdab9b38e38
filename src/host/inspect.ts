import { type IncomingMessage, METHODS } from 'node:http';
import { isIPv6 } from 'node:net';
import { remembered } from '../remembered.ts';

/** Node's parser also takes the methods of RTSP, under that protocol's name. */
const methods: ReadonlySet<string> = new Set(METHODS);

/**
 * Finds what Node's parser lets through but no two proxies read alike (RFC 9112, sections 3.2
 * and 6.1): such a request is refused before anything is decided from it.
 *
 * @returns why the request is refused, or undefined where it is sound
 */
export function inspectHead(req: IncomingMessage): string | undefined {
  if (req.httpVersion !== '1.1' && req.httpVersion !== '1.0') return 'HTTP version';
  if (!methods.has(req.method ?? '')) return 'method of another protocol';
  if (!req.url?.startsWith('/') || req.url.includes('#')) return 'request target';

  const count = countNames(req.rawHeaders);
  if (count.host !== 1) return 'Host header given not exactly once';
  if (!isHost(req.headers.host ?? '')) return 'malformed Host header';
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

/** A name of labels or an IPv6 address in brackets, with a port or without (RFC 3986, 3.2.2). */
const isHost = remembered((host) => {
  const [, address, name, port = '0'] =
    /^(?:\[([0-9a-f:.]+)\]|([\w-]+(?:\.[\w-]+)*\.?))(?::(\d{1,5}))?$/i.exec(host) ?? [];
  return (name !== undefined || isIPv6(address ?? '')) && Number(port) <= 65_535;
});

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
