import type { IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import type { Dispatcher } from 'undici';
import { clientLeft, type Refusal } from '../exchange.ts';
import { upstreamError, wasStaleConnection } from './failure.ts';
import { locationContext } from './location.ts';
import { longestRefusal, refusalByBody, refusalByHead, refuse } from './refusal.ts';
import { responseHead } from './responseHead.ts';

const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Carries one HTTP exchange through undici: the request's body up, the answer down, both streamed
 * and both only as fast as the slower side takes them.
 *
 * @param head the request head, as flat pairs
 * @returns resolves when the answer is complete or the client has left
 * @throws ProxyError while nothing has been sent to the client; after that the only answer to an
 *   error is a destroyed connection
 */
export async function carryHttp(
  dispatcher: Dispatcher,
  req: IncomingMessage,
  res: ServerResponse,
  head: string[],
): Promise<void> {
  const body = hasBody(req) ? detachedBody(req) : null;
  const mayRepeat = body === null && repeatable.has(req.method ?? '');
  try {
    await attempt(dispatcher, req, res, head, body);
  } catch (error) {
    if (clientLeft(req, res)) return;
    if (!mayRepeat || !wasStaleConnection(error)) throw upstreamError(error);
    await attempt(dispatcher, req, res, head, null).catch((second: unknown) => {
      throw upstreamError(second);
    });
  }
}

function attempt(
  dispatcher: Dispatcher,
  req: IncomingMessage,
  res: ServerResponse,
  headers: string[],
  body: PassThrough | null,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const answer = new Answer(req, res, resolve, reject);
    const { upstream, target } = req.exchange;
    const method = req.method as Dispatcher.HttpMethod;
    const options = { origin: upstream?.origin ?? '', path: target, method, headers, body };
    dispatcher.dispatch(options, answer);
  });
}

/** The sandbox's answer on its way to the client. */
class Answer implements Dispatcher.DispatchHandler {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #settle: { resolve(): void; reject(error: unknown): void };
  #controller: Dispatcher.DispatchController | undefined;
  /** A small answer that may be Daytona's refusal, kept until its body has told. */
  #held: { status: number; rawHeaders: string[]; chunks: Buffer[]; size: number } | undefined;

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    resolve: () => void,
    reject: (error: unknown) => void,
  ) {
    this.#req = req;
    this.#res = res;
    this.#settle = { resolve, reject };
    res.on('close', this.#onClientGone);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (clientLeft(this.#req, this.#res)) this.#onClientGone();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    if (status > 599) throw new Error(`status ${status}`);
    const rawHeaders = toStrings(controller.rawHeaders);
    const refusal = refusalByHead(this.#req.method, status, rawHeaders);
    if (refusal === 'read-body') this.#held = { status, rawHeaders, chunks: [], size: 0 };
    else if (refusal) this.#refuse(refusal);
    else this.#begin(status, rawHeaders);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#held) {
      this.#held.size += chunk.length;
      if (this.#held.size > longestRefusal) throw new Error('more body than its Content-Length');
      this.#held.chunks.push(chunk);
    } else if (!this.#res.write(chunk)) {
      controller.pause();
      this.#res.once('drain', () => controller.resume());
    }
  }

  onResponseEnd(): void {
    if (this.#held) {
      const { status, rawHeaders, chunks } = this.#held;
      const body = Buffer.concat(chunks);
      const refusal = refusalByBody(status, body.toString());
      if (refusal) {
        this.#refuse(refusal);
        return;
      }
      this.#begin(status, rawHeaders);
      this.#res.write(body);
    }
    this.#res.end();
    this.#finish();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    // A 304 may name the length of the body that it does not have (RFC 9110, section 8.6).
    if (this.#res.headersSent && this.#res.statusCode === 304) this.#res.end();
    else if (this.#res.headersSent) this.#res.destroy();
    this.#finish(error);
  }

  #begin(status: number, rawHeaders: readonly string[]): void {
    const res = this.#res;
    res.writeHead(status, responseHead(rawHeaders, locationContext(this.#req.exchange)));
    // Small answers leave in one packet, head and body; a silent stream's head does not wait.
    setImmediate(() => {
      if (!res.writableEnded && !res.destroyed) res.flushHeaders();
    });
  }

  #refuse(refusal: Refusal): void {
    this.#finish(refuse(this.#req.exchange, refusal));
    this.#controller?.abort(new Error('the edge refused'));
  }

  #onClientGone = (): void => {
    if (!this.#res.writableFinished) this.#controller?.abort(new Error('the client left'));
    this.#finish();
  };

  #finish(error?: unknown): void {
    this.#res.off('close', this.#onClientGone);
    if (error === undefined || this.#res.headersSent) this.#settle.resolve();
    else this.#settle.reject(error);
  }
}

function hasBody(req: IncomingMessage): boolean {
  return (
    req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
  );
}

/**
 * The request's body as a stream of its own: undici destroys the body of a request that was
 * answered early, and destroying Node's would take the client's connection with it.
 */
function detachedBody(req: IncomingMessage): PassThrough {
  const body = new PassThrough();
  body.on('error', () => {}); // It is destroyed with an error when the client or sandbox leaves.
  body.on('close', () => {
    req.unpipe(body);
    req.resume();
  });
  req.on('error', (error) => body.destroy(error));
  req.on('aborted', () => body.destroy());
  req.pipe(body);
  return body;
}

function toStrings(rawHeaders: Dispatcher.DispatchController['rawHeaders']): string[] {
  if (!Array.isArray(rawHeaders)) throw new Error('an answer without raw headers');
  return rawHeaders.map((part) => (typeof part === 'string' ? part : part.toString('latin1')));
}
