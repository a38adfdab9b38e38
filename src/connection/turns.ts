import type { IncomingMessage, ServerResponse } from 'node:http';

/** Requests that may wait on one connection for the answers before theirs. */
const mostWaiting = 100;
/** Bytes of a body that may wait: what is not read hides that the client has left. */
const longestWaitingBody = 16_384;
/** What comes behind the last turn is dropped, but Node remembers each of them. */
const mostDropped = 5_000;

interface Waiting {
  readonly req: IncomingMessage | undefined;
  readonly begin: () => void;
}

/**
 * The order of a connection's exchanges. Node hands out pipelined requests all at once, but one may
 * depend on the one before it (RFC 9112, section 9.3.2), and a single connection could hold as many
 * exchanges as it likes: so each begins when those before it are over.
 */
export class Turns {
  /** The answer that is under way or was the last. */
  latest: ServerResponse | undefined;
  readonly #waiting: Waiting[] = [];
  #end: () => void;
  readonly #destroy: () => void;
  #ending = false;
  #dropped = 0;

  /**
   * @param end ends the connection behind the answers of all whose turn it was
   * @param destroy ends it at once
   */
  constructor(end: () => void, destroy: () => void) {
    this.#end = end;
    this.#destroy = destroy;
  }

  /** The answer that is under way. */
  get open(): ServerResponse | undefined {
    return this.latest && !this.latest.closed ? this.latest : undefined;
  }

  /** Begins a request when its turn comes; too many, or too large to wait, are the last. */
  take(req: IncomingMessage, begin: () => void): void {
    if (this.#ending) {
      this.#drop(req);
    } else if (!this.open && this.#waiting.length === 0) {
      begin();
    } else if (this.#waiting.length < mostWaiting && mayWait(req)) {
      this.#waiting.push({ req, begin });
    } else {
      this.last(this.#end);
      this.#drop(req);
    }
  }

  /**
   * Has the connection ended behind the answers to the whole requests so far.
   *
   * @param end replaces what an earlier call wanted done there, unless that is done already
   */
  last(end: () => void): void {
    const earlier = this.#ending;
    this.#ending = true;
    this.#end = end;
    if (earlier) return;
    if (this.#waiting.at(-1)?.req?.complete === false) this.#waiting.pop();
    if (!this.open && this.#waiting.length === 0) end();
    else this.#waiting.push({ req: undefined, begin: () => this.#end() });
  }

  /** To be called when the latest answer is over. */
  next(): void {
    this.#waiting.shift()?.begin();
  }

  /** Reads on, because a connection that is not read does not tell that its client has left. */
  #drop(req: IncomingMessage): void {
    req.resume();
    this.#dropped += 1;
    if (this.#dropped > mostDropped) this.#destroy();
  }
}

function mayWait({ headers }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined) return false;
  return Number(headers['content-length'] ?? 0) <= longestWaitingBody;
}
