import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { errorPage } from './errorPage.ts';
import type { ProxyError } from './errors.ts';
import { type Look, type Protect, plainLook } from './look.ts';
import { noticePage, type PageContent, page } from './page.ts';
import { waitingPage } from './waitingPage.ts';

const html = 'text/html; charset=utf-8';

/** Sends a whole JSON answer of our own. */
export function sendJson(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  body: unknown,
): void {
  send(req, res, status, 'application/json; charset=utf-8', JSON.stringify(body));
}

/** Sends a whole text of our own. */
export function sendText(
  req: IncomingMessage,
  res: ServerResponse,
  type: string,
  text: string,
): void {
  send(req, res, 200, type, text);
}

/**
 * Sends one of our errors: a page where a person looks at it, else JSON. Once the sandbox's head
 * is out, nothing of ours may follow it, so the connection is destroyed instead.
 */
export function sendError(req: IncomingMessage, res: ServerResponse, error: ProxyError): void {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const { exchange } = req;
  const { requestId, awaitsContinue } = exchange;
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  res.setHeader('X-Proxy-Error', error.code);
  if (error.retryAfter !== undefined) res.setHeader('Retry-After', String(error.retryAfter));
  if (error.status === 401) res.setHeader('WWW-Authenticate', 'Bearer');
  // Nobody knows whether the body of a client that waits for our word still comes.
  if (error.code === 'INVALID_REQUEST' || awaitsContinue) res.setHeader('Connection', 'close');
  if (wantsPage(req)) {
    const waiting = error.code === 'SANDBOX_STARTING' && req.method === 'GET';
    const body = write(req, waiting ? waitingPage(error) : errorPage(error, exchange));
    const { protect, protectWaiting } = lookOf(req);
    send(req, res, error.status, html, body, waiting ? protectWaiting : protect);
    return;
  }
  const { code, message, state } = error;
  sendJson(req, res, error.status, { error: { code, message, requestId, state } });
}

/** Sends a browser to another address of the same host; nobody keeps the one that it came by. */
export function sendRedirect(req: IncomingMessage, res: ServerResponse, location: string): void {
  res.setHeader('Location', location);
  send(req, res, 303, 'text/plain; charset=utf-8', '');
}

/** Sends a page of ours. */
export function sendPage(req: IncomingMessage, res: ServerResponse, content: PageContent): void {
  send(req, res, 200, html, write(req, content));
}

/** Sends a small page that says one sentence. */
export function sendNotice(req: IncomingMessage, res: ServerResponse, sentence: string): void {
  sendPage(req, res, noticePage(sentence));
}

/** Sends a page of ours whose form posts to the page's own address. */
export function sendForm(req: IncomingMessage, res: ServerResponse, content: PageContent): void {
  send(req, res, 200, html, write(req, content), lookOf(req).protectForm);
}

/** Sends an answer of our own that has no body. */
export function sendEmpty(req: IncomingMessage, res: ServerResponse, status: number): void {
  addOwnFields(req, res);
  res.statusCode = status;
  res.end();
}

/** Sends something of ours that has a policy of its own; see `look.ts`. */
export function sendProtected(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  type: string,
  body: string,
  protectBy: Protect,
): void {
  send(req, res, status, type, body, protectBy);
}

function addOwnFields(req: IncomingMessage, res: ServerResponse): void {
  const { ownFields } = req.exchange;
  for (let i = 0; i < ownFields.length; i += 2) {
    res.appendHeader(ownFields[i] ?? '', ownFields[i + 1] ?? '');
  }
}

function send(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  type: string,
  body: string,
  protectBy = lookOf(req).protect,
): void {
  protectBy(req, res, () => {});
  addOwnFields(req, res);
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.statusCode = status;
  res.statusMessage = STATUS_CODES[status] ?? ''; // Not that of an answer that failed before.
  res.end(req.method === 'HEAD' ? undefined : body);
}

function lookOf({ exchange }: IncomingMessage): Look {
  return exchange.look ?? plainLook;
}

function write(req: IncomingMessage, content: PageContent): string {
  return page(lookOf(req), content, req.exchange.requestId);
}

/** A person looks at top-level and framed documents; where no browser says so, Accept decides. */
export function wantsPage(req: IncomingMessage): boolean {
  if (req.exchange.mount !== '') return false; // The toolbox is for programs.
  const destination = req.headers['sec-fetch-dest'];
  if (destination !== undefined) return /^(document|iframe|frame)$/.test(destination);
  return /\btext\/html\b/i.test(req.headers.accept ?? '');
}
