import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { ProxyError } from '../replies/errors.ts';

/** Up to this size a body is kept until the sandbox answers, in bytes. */
const mostKept = 262_144;
/** What a piece costs beside its bytes: a client may send them one by one. */
const pieceBytes = 256;

/** True where the request says that a body follows (RFC 9112, section 6.3). */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * A request's body, which may have to be sent twice: where Daytona's edge refuses a request, the
 * app has not seen it. What came of it is kept for that, up to 256 KiB, until the sandbox answers.
 */
export class RequestBody {
  readonly #req: IncomingMessage;
  readonly #stallMs: number;
  /** undefined where nothing is kept any more. */
  #kept: Buffer[] | undefined = [];
  #keptBytes = 0;
  #upload: Upload | undefined;
  #stall: NodeJS.Timeout | undefined;

  /**
   * @param stallMs fails the upload where the sandbox reads nothing of it for so long, because a
   *   client whose connection is not read cannot be seen to leave; 0 never does
   */
  constructor(req: IncomingMessage, stallMs: number) {
    this.#req = req;
    this.#stallMs = stallMs;
    req.pause();
    req.on('data', this.#take);
    req.on('end', () => this.#upload?.push(null));
    req.on('error', this.#abort);
    req.on('close', this.#abort);
  }

  /** True where it could be sent once more from its first byte. */
  get repeatable(): boolean {
    return this.#kept !== undefined;
  }

  /** True where all of it has come, and is kept: then this stays so until `settle`. */
  get whole(): boolean {
    return this.repeatable && this.#req.readableEnded;
  }

  /** The body as a stream, from its first byte; the one before must have ended. */
  open(): Readable {
    const upload = new Upload(this.#req, () => this.#detach(upload));
    this.#upload = upload;
    for (const chunk of this.#kept ?? []) upload.push(chunk);
    if (this.#req.readableEnded) upload.push(null);
    return upload;
  }

  /** To be called when the app has answered: nothing will be sent again. */
  settle(): void {
    this.#kept = undefined;
  }

  readonly #take = (chunk: Buffer) => {
    const { exchange } = this.#req;
    exchange.noteUse?.();
    exchange.bytesUp += chunk.length;
    if (this.#kept) {
      this.#keptBytes += chunk.length;
      const cost = this.#keptBytes + this.#kept.length * pieceBytes;
      if (this.#keptBytes <= mostKept && cost <= 2 * mostKept) this.#kept.push(chunk);
      else this.#kept = undefined;
    }
    if (!this.#upload || this.#upload.push(chunk)) return;
    this.#req.pause();
    if (this.#stall) this.#stall.refresh();
    else if (this.#stallMs > 0) this.#stall = setTimeout(this.#giveUp, this.#stallMs);
  };

  /** What still comes is kept or dropped: a client may not read its answer before it has sent all. */
  #detach(upload: Upload): void {
    if (this.#upload === upload) this.#upload = undefined;
    clearTimeout(this.#stall);
    this.#stall = undefined;
    this.#req.resume();
  }

  readonly #giveUp = () => {
    this.#stall = undefined;
    if (!this.#req.isPaused()) return;
    const cause = new Error('the sandbox does not read the upload');
    this.#upload?.destroy(new ProxyError('UPSTREAM_UNREACHABLE', { status: 504, cause }));
  };

  readonly #abort = () => {
    if (!this.#req.complete) this.#upload?.destroy(new Error('the client left'));
  };
}

/**
 * A stream of its own, because undici destroys the body of a request that was answered early, and
 * to destroy Node's would take the client's connection with it.
 */
class Upload extends Readable {
  readonly #req: IncomingMessage;
  readonly #detach: () => void;

  constructor(req: IncomingMessage, detach: () => void) {
    super({ highWaterMark: 65_536 });
    this.#req = req;
    this.#detach = detach;
    this.on('error', () => {}); // The exchange hears of it from elsewhere.
  }

  override _read(): void {
    this.#req.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#detach();
    done(error);
  }
}
