import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { Agent, type Dispatcher, request } from 'undici';
import { WebSocket } from 'ws';
import { readText } from '../answer.ts';
import type { Ask } from '../ownProxy.ts';
import { isAddress } from './network.ts';
import { refusalOf } from './refusal.ts';

const patienceMs = 20_000;
const continueMs = 3_000;
const chunk = Buffer.alloc(65_536);

/** What comes back; `code` where the proxy itself has refused. */
export interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly text: string;
}

/**
 * The way that visitors take: by the public address, through whatever stands in front. A wrong
 * certificate is a matter of its own, and does not hide what else is wrong.
 */
export class PublicWay {
  readonly url: URL;
  readonly #dispatcher: Dispatcher;
  readonly #connect: {
    readonly lookup: LookupFunction;
    readonly rejectUnauthorized: boolean;
    readonly ca?: string;
  };
  readonly #note: (answer: Pick<IncomingMessage, 'headers'>) => void;

  /**
   * @param note is shown every answer's head
   * @param trust with it, only a right certificate will do, by these authorities if there are any
   */
  constructor(
    url: URL,
    lookup: LookupFunction,
    note: (answer: Pick<IncomingMessage, 'headers'>) => void,
    trust?: { readonly ca?: string },
  ) {
    this.url = url;
    this.#note = note;
    this.#connect = { lookup, rejectUnauthorized: trust !== undefined, ...trust };
    this.#dispatcher = new Agent({
      connect: this.#connect,
      allowH2: false, // Over HTTP/2 Nginx passes on what it holds back over HTTP/1.1.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /** @throws Error that says why nobody could be reached */
  async ask(
    path: string,
    { host, signal = AbortSignal.timeout(patienceMs), ...init }: Ask = {},
  ): Promise<Dispatcher.ResponseData> {
    const address = this.#at(host, path);
    const answer = await request(address, { ...init, signal, dispatcher: this.#dispatcher }).catch(
      (error: unknown) => {
        throw new Error(`${address.origin} cannot be reached (${reasonOf(error)})`);
      },
    );
    this.#note(answer);
    return answer;
  }

  /** Begins to open a WebSocket. */
  socket(host: string, path: string, headers: Readonly<Record<string, string>> = {}): WebSocket {
    const address = this.#at(host, path);
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
    return new WebSocket(address, {
      ...this.#connect,
      headers: { ...headers },
      handshakeTimeout: patienceMs,
    });
  }

  /** Asks under a Host of one's own choice, by a connection to the public address, as anybody may. */
  async askUnder(host: string, path: string): Promise<Answer> {
    const signal = AbortSignal.timeout(patienceMs);
    const req = this.#begin(path, { signal, headers: { host } });
    return this.#answerTo(req.end());
  }

  /**
   * Sends so many bytes, once it is known that they are welcome.
   *
   * @throws Error where the connection breaks before there is an answer
   */
  async upload(path: string, bytes: number, headers: Readonly<Record<string, string>>) {
    const req = this.#begin(path, {
      method: 'POST',
      signal: AbortSignal.timeout(patienceMs * 3),
      headers: { ...headers, 'content-length': bytes, expect: '100-continue' },
    });
    // Some fronts do not know the question, and wait for the body.
    const asked = setTimeout(() => req.emit('continue'), continueMs);
    req.once('continue', () => send(req, bytes));
    req.flushHeaders();
    return this.#answerTo(req).finally(() => clearTimeout(asked));
  }

  #begin(path: string, init: http.RequestOptions): http.ClientRequest {
    const { request: begin } = this.url.protocol === 'https:' ? https : http;
    const { hostname } = this.url;
    const servername = isAddress(hostname) ? '' : hostname; // And not the Host that is said.
    return begin(this.#at(undefined, path), {
      ...this.#connect,
      servername,
      agent: false,
      ...init,
    });
  }

  async #answerTo(req: http.ClientRequest): Promise<Answer> {
    try {
      const [res] = (await once(req, 'response')) as [IncomingMessage];
      this.#note(res);
      const code = refusalOf(res);
      return { status: res.statusCode ?? 0, code, text: await readText(res) };
    } finally {
      req.on('error', () => {}).destroy();
    }
  }

  #at(host: string | undefined, path: string): URL {
    const { protocol, hostname, port } = this.url;
    return new URL(`${protocol}//${host ?? hostname}${port && `:${port}`}${path}`);
  }
}

function send(req: http.ClientRequest, bytes: number): void {
  let left = bytes;
  const more = () => {
    while (left > 0 && !req.destroyed) {
      const part = chunk.subarray(0, Math.min(left, chunk.length));
      left -= part.length;
      if (!req.write(part)) break;
    }
    if (left === 0) req.end();
    else req.once('drain', more);
  };
  more();
}

function reasonOf(error: unknown): string {
  const { code, message, errors } = error as NodeJS.ErrnoException & { errors?: Error[] };
  const [first] = errors ?? [];
  return message || code || first?.message || 'no answer';
}
