import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { clientLeft, isRead } from '../exchange.ts';
import { Answer } from './answer.ts';
import type { Connections } from './connections.ts';
import { upstreamError } from './failure.ts';
import { Redirected } from './redirects.ts';
import { Refused } from './refusal.ts';
import type { RequestBody } from './requestBody.ts';
import { upstreamPath } from './upstreamPath.ts';

/**
 * Carries one HTTP exchange through undici: the request's body up, the answer down, both streamed
 * and both only as fast as the slower side takes them.
 *
 * @param head the request head, as flat pairs
 * @returns resolves when the answer is complete or the client has left
 * @throws Refused where Daytona's edge refused, Redirected where the app redirects to itself,
 *   ProxyError for all else; either while nothing has been sent to the client. After that the only
 *   answer to an error is a destroyed connection
 */
export async function carryHttp(
  connections: Connections,
  req: IncomingMessage,
  res: ServerResponse,
  head: string[],
  body: RequestBody | undefined,
): Promise<void> {
  const mayRepeat = body === undefined && isRead(req.exchange.trail?.method ?? req.method);
  // The sandbox may be about to close a connection that was used before. What may not be sent
  // twice goes out on a new one, so that nobody has to choose between a lost and a doubled write.
  const first = await attempt(connections, req, res, head, body, !mayRepeat);
  if (first === undefined || clientLeft(req, res)) return;
  if (!mayRepeat || !first.stale) throw reason(first);
  req.exchange.retries += 1;
  req.exchange.timeline.enter('connect');
  const second = await attempt(connections, req, res, head, undefined, true);
  if (second && !clientLeft(req, res)) throw reason(second);
}

function reason({ error, heard }: Failure): Error {
  return error instanceof Refused || error instanceof Redirected
    ? error
    : upstreamError(error, heard);
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
  body: RequestBody | undefined,
  fresh: boolean,
): Promise<Failure | undefined> {
  const { upstream, trail } = req.exchange;
  if (!upstream) throw new Error('a request without an upstream');
  const path = upstreamPath(req.exchange);
  const connection = connections.take(upstream.target, fresh);
  const method = (trail?.method ?? req.method) as Dispatcher.HttpMethod;
  const answer = new Answer(req, res, body);
  const upload = body?.open() ?? null;
  req.exchange.whenOver(() => answer.abandon());
  try {
    connection.dispatch({ path, method, headers, body: upload }, answer);
    await answer.complete;
    if (answer.reusable) connections.release(connection);
    else connections.discard(connection);
    return undefined;
  } catch (error) {
    connections.discard(connection);
    upload?.destroy();
    if (res.headersSent) return undefined;
    return { error, stale: connection.stale, heard: connection.heard };
  }
}
