import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { ProxyError } from '../replies/errors.ts';

/** True where the request says that a body follows (RFC 9112, section 6.3). */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * A request's body as a stream of its own. undici destroys the body of a request that was answered
 * early, and to destroy Node's would take the client's connection with it; what still comes of
 * the upload then is read and dropped, as the client may not read its answer before.
 */
export class Upload extends Readable {
  readonly #req: IncomingMessage;
  readonly #stallMs: number;
  #stall: NodeJS.Timeout | undefined;

  /**
   * @param stallMs fails the upload where the sandbox reads nothing of it for so long, because a
   *   client whose connection is not read cannot be seen to leave; 0 never does
   */
  constructor(req: IncomingMessage, stallMs: number) {
    super({ highWaterMark: 65_536 });
    this.#req = req;
    this.#stallMs = stallMs;
    this.on('error', () => {}); // The exchange hears of it from elsewhere.
    req.on('data', this.#take);
    req.on('end', this.#end);
    req.on('error', this.#abort);
    req.on('close', this.#abort);
  }

  override _read(): void {
    this.#req.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const req = this.#req;
    clearTimeout(this.#stall);
    req.off('data', this.#take);
    req.off('end', this.#end);
    req.off('close', this.#abort);
    req.resume();
    done(error);
  }

  readonly #take = (chunk: Buffer) => {
    if (this.push(chunk)) return;
    this.#req.pause();
    if (this.#stall) this.#stall.refresh();
    else if (this.#stallMs > 0) this.#stall = setTimeout(this.#giveUp, this.#stallMs);
  };

  readonly #giveUp = () => {
    this.#stall = undefined;
    if (!this.#req.isPaused()) return;
    const cause = new Error('the sandbox does not read the upload');
    this.destroy(new ProxyError('UPSTREAM_UNREACHABLE', { status: 504, cause }));
  };

  readonly #end = () => this.push(null);

  readonly #abort = () => {
    if (!this.#req.complete) this.destroy(new Error('the client left'));
  };
}
