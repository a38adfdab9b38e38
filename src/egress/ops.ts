import type { IncomingMessage, ServerResponse } from 'node:http';
import { bearsToken, isMachineItself } from '../replies/ops.ts';

/** What the egress proxy's own pages tell. */
export interface EgressFigures {
  readonly draining: boolean;
  stats(): object;
}

/**
 * Answers a request for the egress proxy itself: `/health` and `/ready` for all, `/stats`, which
 * names sandboxes, for the bearer of STATS_TOKEN. Without that it is for the machine itself; with it
 * that is no exception, since a TCP proxy on the same machine has everybody come from there.
 */
export function answerOps(
  req: IncomingMessage,
  res: ServerResponse,
  figures: EgressFigures,
  statsToken: string | undefined,
): void {
  const [path] = (req.url ?? '').split('?', 1);
  const read = req.method === 'GET' || req.method === 'HEAD';
  if (read && path === '/health') {
    send(res, 200, { status: 'ok', timestamp: new Date().toISOString() });
  } else if (read && path === '/ready') {
    const { draining } = figures;
    send(res, draining ? 503 : 200, { status: draining ? 'draining' : 'ready' });
  } else if (read && path === '/stats') {
    const may = statsToken === undefined ? isMachineItself(req) : bearsToken(req, statsToken);
    if (may) send(res, 200, figures.stats());
    else refuse(res, 401, 'UNAUTHORIZED', 'Send STATS_TOKEN as a bearer token.');
  } else {
    refuse(
      res,
      404,
      'NOT_FOUND',
      'This is the way out for sandboxes: set it as HTTPS_PROXY, and ask it for other hosts.',
    );
  }
}

function refuse(res: ServerResponse, status: number, code: string, message: string): void {
  res.setHeader('X-Proxy-Error', code);
  if (status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
  send(res, status, { error: { code, message } });
}

function send(res: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  res.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  res.end(text);
}
