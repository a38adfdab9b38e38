import { randomUUID } from 'node:crypto';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { clientLeft } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import { bearerOf } from '../replies/ops.ts';
import { sendJson } from '../replies/send.ts';
import { seenOf } from './seen.ts';
import { openEcho } from './socket.ts';
import { Tickets } from './tickets.ts';

const longestPauseMs = 300_000;
const mostBytes = 33_554_432;

/**
 * `/diagnostics…` on hosts that are no sandbox's: what stands behind the front proxy for
 * `daytona-proxy doctor` to talk to. A ticket opens it, which whoever has the proof gets. It tells
 * nothing but how the request arrived.
 *
 * @param isProof of `proof.ts`, for these settings
 */
export function diagnosticsPages(isProof: (proof: string) => boolean): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const instance = randomUUID();
  const tickets = new Tickets();

  const mayAsk: RequestHandler = (req, _res, next) => {
    next(tickets.spend(bearerOf(req) ?? '') ? undefined : new ProxyError('UNAUTHORIZED'));
  };

  router.post('/diagnostics/tickets', (req, res) => {
    // The proof opens nothing else, and is asked for here alone: a ticket makes no further ones.
    if (!isProof(bearerOf(req) ?? '')) throw new ProxyError('UNAUTHORIZED');
    sendJson(req, res, 201, { ticket: tickets.issue(), instance });
  });
  router.get('/diagnostics', mayAsk, (req, res) => {
    sendJson(req, res, 200, seenOf(req, instance));
  });
  router.get('/diagnostics/events', mayAsk, sendTwoEvents);
  router.post('/diagnostics/upload', mayAsk, countUpload);
  router.get('/diagnostics/redirect', mayAsk, sendElsewhere);
  router.get('/diagnostics/socket', mayAsk, (req, res) => openEcho(req, res, instance));
  return router;
}

/** Sends an event, is silent for `?pause` ms, and sends the last. */
function sendTwoEvents(req: Request, res: Response): void {
  const said = Number(req.query.pause ?? 1_000);
  const pauseMs = said >= 0 && said <= longestPauseMs ? said : longestPauseMs;
  // No `X-Accel-Buffering`, unlike events of ours: apps do not say it either.
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Request-Id': req.exchange.requestId,
  });
  res.write('data: first\n\n');
  const last = setTimeout(() => res.end('data: last\n\n'), pauseMs);
  res.once('close', () => clearTimeout(last));
}

/** Says how many bytes have come; behind 32 MB the connection ends. */
async function countUpload(req: Request, res: Response): Promise<void> {
  if (req.exchange.awaitsContinue) res.writeContinue();
  req.exchange.awaitsContinue = false;
  let bytes = 0;
  try {
    // To leave the plain loop would take the socket from the request, and leave both open.
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).length;
      if (bytes > mostBytes) return void req.socket.destroy();
    }
  } catch {
    return; // The client has left.
  }
  if (!clientLeft(req, res)) sendJson(req, res, 200, { bytes });
}

/** Redirects as an app would, with two cookies; the body says what the head must still say. */
function sendElsewhere(req: Request, res: Response): void {
  const { proto, host } = req.exchange.visitor;
  const location = `${proto}://${host}/diagnostics?from=redirect`;
  const cookies = [
    'doctor-one=1; Path=/diagnostics; Max-Age=60; Secure; HttpOnly; SameSite=Lax',
    'doctor-two=2; Path=/diagnostics; Max-Age=60; SameSite=Strict',
  ];
  res.setHeader('Location', location);
  res.setHeader('Set-Cookie', cookies);
  sendJson(req, res, 302, { location, cookies });
}
