import type { Dispatcher } from 'undici';
import type { Refusal, Upstream } from '../exchange.ts';
import type { Connections } from './connections.ts';
import { toStrings } from './framing.ts';
import { longestRefusal, refusalByBody, refusalByHead } from './refusal.ts';

/** An app that takes longer over its first byte is there all the same. */
const longestMs = 10_000;

/**
 * Asks a sandbox's port for its front page, to see whether anything listens there yet.
 *
 * @param patienceMs an app may take so long over its first byte; then it counts as one that answers
 * @returns undefined where an app answers, else why Daytona's edge does not let it
 * @throws Error where the connection fails
 */
export async function probePort(
  connections: Connections,
  { target, headers: steering, pathPrefix }: Pick<Upstream, 'target' | 'headers' | 'pathPrefix'>,
  patienceMs = longestMs,
): Promise<Refusal | undefined> {
  const connection = connections.take(target, true);
  const headers = [
    'host',
    target.host,
    'user-agent',
    'daytona-proxy',
    'accept',
    '*/*',
    'via',
    '1.1 daytona-proxy',
    ...steering,
  ];
  try {
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, patienceMs, undefined);
      const handler = new Look(target.hostname, resolve, reject, () => clearTimeout(timer));
      connection.dispatch({ path: `${pathPrefix}/`, method: 'GET', headers }, handler);
    });
  } finally {
    connections.discard(connection);
  }
}

/** Reads an answer only as far as it takes to know whose it is. */
class Look implements Dispatcher.DispatchHandler {
  readonly #edgeHost: string;
  readonly #resolve: (refusal: Refusal | undefined) => void;
  readonly #reject: (error: Error) => void;
  readonly #over: () => void;
  #status = 0;
  #body = '';

  constructor(
    edgeHost: string,
    resolve: (refusal: Refusal | undefined) => void,
    reject: (error: Error) => void,
    over: () => void,
  ) {
    this.#edgeHost = edgeHost;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#over = over;
  }

  onRequestStart(): void {}

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    this.#status = status;
    const refusal = refusalByHead('GET', status, toStrings(controller.rawHeaders), this.#edgeHost);
    if (refusal !== 'read-body') this.#say(refusal === 'unclear' ? undefined : refusal);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body.length <= longestRefusal) this.#body += chunk.toString();
  }

  onResponseEnd(): void {
    this.#say(refusalByBody(this.#status, this.#body));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#over();
    this.#reject(error);
  }

  #say(refusal: Refusal | undefined): void {
    this.#over();
    this.#resolve(refusal);
  }
}
