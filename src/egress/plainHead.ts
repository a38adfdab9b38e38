import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';
import type { EgressTarget } from './target.ts';

/** Fields between the sandbox and us beside those that the library drops. */
const ours = new Set(['host', 'expect', 'proxy-connection', 'connection', 'via']);
/** Methods whose body Node frames by no length of its own: chunks would follow unframed. */
const unframed = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE']);

/**
 * Makes the fields of a plain request ready to be forwarded. `Host` is the target's, whatever the
 * sandbox says (RFC 9112, section 3.2.2): by another one it would reach hosts that share a server
 * with an allowed one and are not allowed.
 *
 * @returns names and values in flat pairs
 * @throws Refusal for a body whose end the next server might see elsewhere
 */
export function plainHead(req: IncomingMessage, { host, port }: EgressTarget): string[] {
  const coding = req.headers['transfer-encoding'];
  if (coding !== undefined) {
    const clear = coding.toLowerCase() === 'chunked' && req.httpVersion === '1.1';
    if (!clear || unframed.has(req.method ?? '')) {
      throw new Refusal('INVALID_REQUEST', 'A body needs a Content-Length here.');
    }
  }
  const named = new Set(
    (req.headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()),
  );
  const name = host.includes(':') ? `[${host}]` : host;
  const fields = [
    'Host',
    port === 80 ? name : `${name}:${port}`,
    'Via',
    '1.1 daytona-proxy-egress',
  ];
  const { rawHeaders } = req;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const field = rawHeaders[i] ?? '';
    const lower = field.toLowerCase();
    // A length that `Connection` names stays: without it the body would have no end.
    if (ours.has(lower) || (named.has(lower) && lower !== 'content-length')) continue;
    fields.push(field, rawHeaders[i + 1] ?? '');
  }
  return fields;
}
