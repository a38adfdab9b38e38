import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { clientLeft } from '../exchange.ts';
import { Answer } from './answer.ts';
import type { Connections } from './connections.ts';
import { upstreamError } from './failure.ts';
import { hasBody, Upload } from './upload.ts';

const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Carries one HTTP exchange through undici: the request's body up, the answer down, both streamed
 * and both only as fast as the slower side takes them.
 *
 * @param head the request head, as flat pairs
 * @param uploadStallMs how long the sandbox may read nothing of an upload; 0 is without end
 * @returns resolves when the answer is complete or the client has left
 * @throws ProxyError while nothing has been sent to the client; after that the only answer to an
 *   error is a destroyed connection
 */
export async function carryHttp(
  connections: Connections,
  req: IncomingMessage,
  res: ServerResponse,
  head: string[],
  uploadStallMs: number,
): Promise<void> {
  const body = hasBody(req) ? new Upload(req, uploadStallMs) : null;
  const mayRepeat = body === null && repeatable.has(req.method ?? '');
  const first = await attempt(connections, req, res, head, body, false);
  if (first === undefined || clientLeft(req, res)) return;
  if (!mayRepeat || !first.stale) throw upstreamError(first.error, first.heard);
  const second = await attempt(connections, req, res, head, null, true);
  if (second && !clientLeft(req, res)) throw upstreamError(second.error, second.heard);
}

/** Why nothing was sent to the client, and what the sandbox can have known of the request. */
interface Failure {
  readonly error: unknown;
  /** True where the connection was idle before and ended without a word. */
  readonly stale: boolean;
  /** True where bytes of an answer have come. */
  readonly heard: boolean;
}

async function attempt(
  connections: Connections,
  req: IncomingMessage,
  res: ServerResponse,
  headers: string[],
  body: Upload | null,
  fresh: boolean,
): Promise<Failure | undefined> {
  const { upstream, target } = req.exchange;
  if (!upstream) throw new Error('a request without an upstream');
  const connection = connections.take(upstream.target, fresh);
  const method = req.method as Dispatcher.HttpMethod;
  const answer = new Answer(req, res);
  req.exchange.whenOver(() => answer.abandon());
  connection.dispatch({ path: target, method, headers, body }, answer);
  try {
    await answer.complete;
    if (answer.reusable) connections.release(connection);
    else connections.discard(connection);
    return undefined;
  } catch (error) {
    connections.discard(connection);
    body?.destroy();
    if (res.headersSent) return undefined;
    return { error, stale: connection.stale, heard: connection.heard };
  }
}
