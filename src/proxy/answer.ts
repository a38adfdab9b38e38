import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { clientLeft } from '../exchange.ts';
import { passEarlyHints } from './earlyHints.ts';
import { EventStream, isEventStream } from './eventStream.ts';
import { flushLater } from './flushes.ts';
import { announcedLength, framedFor, spoilsConnection, toStrings } from './framing.ts';
import { locationContext } from './location.ts';
import { redirectIn } from './redirects.ts';
import { longestRefusal, Refused, refusalByBody, refusalByHead } from './refusal.ts';
import type { RequestBody } from './requestBody.ts';
import { acceptsTrailers } from './requestHead.ts';
import { responseHead } from './responseHead.ts';
import { trailerPairs } from './trailers.ts';

type Controller = Dispatcher.DispatchController;

const mostInterim = 32;
/** Up to this size head and body are written as one text, which is one copy and one write. */
const smallBody = 8_192;

/** The sandbox's answer on its way to the client. */
export class Answer implements Dispatcher.DispatchHandler {
  /** Resolves when the answer is complete; rejects with the reason why it is not. */
  readonly complete: Promise<void>;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #body: RequestBody | undefined;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  /** False where the connection must not carry another exchange. */
  reusable = true;
  #controller: Controller | undefined;
  #status = 0;
  #rawHeaders: string[] = [];
  /** Bytes of the body that Content-Length announces. */
  #length: number | undefined;
  /** What waits for the end of the answer: a possible refusal of Daytona's, or a small body. */
  #held: Buffer[] | undefined;
  #heldBytes = 0;
  #suspect = false;
  #interim = 0;
  /** The body, where it is one of server-sent events. */
  #events: EventStream | undefined;
  /** True once all of the answer has come, or it is known that it never will. */
  #over = false;

  /** @param body told as soon as it is sure that the app has answered, and not Daytona's edge */
  constructor(req: IncomingMessage, res: ServerResponse, body?: RequestBody) {
    this.#req = req;
    this.#res = res;
    this.#body = body;
    this.complete = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Ends the exchange with the sandbox, whose answer nobody reads any more. */
  abandon(): void {
    if (!this.#over) this.#fail(new Error('the client left'));
  }

  onRequestStart(controller: Controller): void {
    this.#controller = controller;
    const { exchange } = this.#req;
    exchange.timeline.enter('wait');
    if (clientLeft(this.#req, this.#res)) this.abandon();
    else if (exchange.awaitsContinue) {
      exchange.awaitsContinue = false;
      this.#res.writeContinue();
    }
  }

  onResponseStart(controller: Controller, status: number): void {
    const rawHeaders = toStrings(controller.rawHeaders);
    if (status < 200) {
      this.#passHints(status, rawHeaders);
      return;
    }
    this.#req.exchange.timeline.enter('body');
    if (status > 599) throw new Error(`status ${status}`);
    this.#status = status;
    this.#rawHeaders = rawHeaders;
    this.#length = announcedLength(rawHeaders);
    const refusal = this.#refusalByHead(status, rawHeaders);
    const redirect = refusal
      ? undefined
      : redirectIn(this.#req.exchange, status, rawHeaders, this.#body);
    if (redirect) this.#fail(redirect);
    else if (refusal === 'read-body') {
      this.#suspect = true;
      this.#held = [];
    } else if (refusal) {
      this.#fail(new Refused(refusal, { status, rawHeaders, body: Buffer.alloc(0) }));
    } else {
      this.#body?.settle();
      // A tab that everybody has forgotten reconnects to its events for ever.
      if (!this.#isEndless()) this.#req.exchange.noteUse?.();
      // Small answers leave in one packet, head and body; a silent stream's head does not wait.
      flushLater(this);
    }
  }

  onResponseData(controller: Controller, chunk: Buffer): void {
    this.#req.exchange.bytesDown += chunk.length;
    if (this.#status === 205) return; // It has no body (RFC 9110, section 15.3.6).
    if (
      this.#suspect ||
      (!this.#res.headersSent && this.#heldBytes + chunk.length === this.#length)
    ) {
      this.#heldBytes += chunk.length;
      if (this.#suspect && this.#heldBytes > longestRefusal) {
        throw new Error('more body than its Content-Length');
      }
      this.#held ??= [];
      this.#held.push(chunk);
      return;
    }
    this.#beginStream();
    this.#req.exchange.noteUse?.();
    const events = this.#events;
    if (!this.#res.write(events ? events.take(chunk) : chunk)) {
      controller.pause();
      this.#res.once('drain', () => controller.resume());
    }
    if (events?.over) this.#leaveStream();
  }

  onResponseEnd(controller: Controller): void {
    const body = this.#takeHeld();
    if (this.#suspect) {
      this.#suspect = false;
      const whole = body ?? Buffer.alloc(0);
      const refusal = refusalByBody(this.#status, whole.toString());
      if (refusal) {
        const answer = { status: this.#status, rawHeaders: this.#rawHeaders, body: whole };
        this.#fail(new Refused(refusal, answer));
        return;
      }
      this.#body?.settle();
    }
    this.#sendHead();
    const trailers = toStrings(controller.rawTrailers ?? []);
    this.reusable = !spoilsConnection(trailers);
    this.#passTrailers(trailers);
    if (!body) this.#res.end();
    else if (body.length > smallBody) this.#res.end(body);
    else this.#res.end(body.toString('latin1'), 'latin1');
    this.#over = true;
    this.#resolve();
  }

  onResponseError(_controller: Controller, error: Error): void {
    if (this.#events?.over) return; // We gave it up ourselves, behind a whole answer.
    // A 304 may name the length of the body that it does not have (RFC 9110, section 8.6), and some
    // apps name one in a 204. To undici both are short of their body.
    if ((this.#status === 304 || this.#status === 204) && !clientLeft(this.#req, this.#res)) {
      this.#sendHead();
      this.#res.end();
    } else if (this.#res.headersSent && !this.#res.writableFinished) {
      this.#req.exchange.error ??= 'UPSTREAM_INVALID';
      this.#res.destroy();
    }
    this.#over = true;
    this.#reject(error);
  }

  /** Sends the head of an answer whose body does not come at once. */
  flush(): void {
    const { headersSent, destroyed } = this.#res;
    if (headersSent || destroyed || this.#held || this.#status === 0) return;
    this.#beginStream();
    this.#res.write('', 'latin1'); // Node's flushHeaders would turn its bytes into UTF-8.
  }

  /** Sends the head of an answer whose body may last. */
  #beginStream(): void {
    if (this.#res.headersSent) return;
    this.#sendHead();
    if (!this.#isEndless()) return;
    const events = new EventStream(this.#rawHeaders, () => this.#leaveStream());
    this.#events = events;
    events.follow(this.#req.exchange);
  }

  #isEndless(): boolean {
    return this.#length === undefined && isEventStream(this.#rawHeaders);
  }

  /** Ends a stream whose sandbox would go on. */
  #leaveStream(): void {
    if (this.#over) return;
    this.#events?.stop();
    this.#over = true;
    this.reusable = false;
    // The browser comes back, and not by this connection.
    this.#res.once('finish', () => this.#req.socket.end());
    this.#res.end();
    this.#resolve();
    this.#controller?.abort(new Error('the stream was ended'));
  }

  /** Behind an interim answer of the app's, nothing can be the edge's. */
  #refusalByHead(status: number, rawHeaders: readonly string[]) {
    const { upstream } = this.#req.exchange;
    if (this.#interim > 0 || !upstream) return undefined;
    return refusalByHead(this.#req.method, status, rawHeaders, upstream.target.hostname);
  }

  #sendHead(): void {
    const res = this.#res;
    if (res.headersSent) return;
    const { exchange } = this.#req;
    const head = responseHead(this.#rawHeaders, locationContext(exchange), exchange.ownsCors);
    head.push(...exchange.ownFields);
    res.writeHead(this.#status, framedFor(this.#status, head));
  }

  #fail(error: unknown): void {
    this.#held = undefined;
    this.#status = 0;
    this.#over = true;
    this.#reject(error);
    this.#controller?.abort(new Error('the exchange was given up'));
  }

  #takeHeld(): Buffer | undefined {
    const held = this.#held;
    this.#held = undefined;
    return held && held.length > 1 ? Buffer.concat(held) : held?.[0];
  }

  /** 103 goes to clients that know it; 102 and what else there may be ends here. */
  #passHints(status: number, rawHeaders: readonly string[]): void {
    this.#interim += 1;
    this.#body?.settle();
    if (this.#interim > mostInterim) throw new Error('interim answers without end');
    if (status !== 103 || this.#req.httpVersionMinor === 0 || this.#res.headersSent) return;
    passEarlyHints(this.#res, rawHeaders, locationContext(this.#req.exchange));
  }

  #passTrailers(rawTrailers: readonly string[]): void {
    if (rawTrailers.length === 0 || !acceptsTrailers(this.#req.headers.te)) return;
    if (!this.#res.chunkedEncoding) return;
    this.#res.addTrailers(trailerPairs(rawTrailers, locationContext(this.#req.exchange)));
  }
}
