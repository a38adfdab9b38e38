import { once } from 'node:events';
import type http from 'node:http';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';

/** Where the requests go, and what they say. */
export interface LoadTarget {
  readonly port: number;
  readonly host: string;
  /** Trusted as its own authority. */
  readonly ca: string;
  readonly headers?: http.OutgoingHttpHeaders;
}

/** What one kind of visitor does again and again. */
export interface Visitor {
  readonly method: string;
  /** Begins every path; a number makes each of them another. */
  readonly path: string;
  /** On one connection, or on a new one each time. */
  readonly keepAlive: boolean;
  readonly body?: string;
}

const times = (count: number, visitor: Visitor): Visitor[] => Array(count).fill(visitor);
const form = 'a small form';

/** What may be repeated where its instance is gone. */
export const readers: readonly Visitor[] = [
  ...times(5, { method: 'GET', path: '/kept/', keepAlive: true }),
  ...times(3, { method: 'GET', path: '/new/', keepAlive: false }),
];
/** What changes something: a POST must reach the app once at most, the others may be repeated. */
export const writers: readonly Visitor[] = [
  { method: 'POST', path: '/kept/', keepAlive: true, body: form },
  { method: 'POST', path: '/new/', keepAlive: false, body: form },
  { method: 'PUT', path: '/kept/', keepAlive: true, body: form },
  { method: 'PUT', path: '/new/', keepAlive: false, body: form },
  { method: 'DELETE', path: '/kept/', keepAlive: true },
];
/** More than Nginx keeps: it has a second try only while nothing of it was sent. */
export const uploader: Visitor = {
  method: 'PUT',
  path: '/large/',
  keepAlive: true,
  body: 'x'.repeat(200_000),
};

/** A request that is over; times by `performance.now()`. */
export interface Outcome {
  readonly visitor: Visitor;
  readonly path: string;
  readonly beganAt: number;
  readonly endedAt: number;
  /** Whether something of the answer had come. */
  readonly begun: boolean;
  /** Undefined where the answer was the right one. */
  readonly failure: string | undefined;
}

/** Between an answer and the next request of the same visitor. */
const pauseMs = 10;

/** Visitors that ask the whole time, each for the next thing once it has been answered. */
export class SteadyLoad {
  readonly outcomes: Outcome[] = [];
  readonly #target: LoadTarget;
  readonly #agents: https.Agent[] = [];
  readonly #visits: Promise<void>[];
  #stopped = false;
  #count = 0;

  constructor(target: LoadTarget, visitors: readonly Visitor[]) {
    this.#target = target;
    this.#visits = visitors.map((visitor) => this.#visit(visitor));
  }

  /** Resolves once so many more requests have been answered rightly. */
  async served(count: number): Promise<void> {
    const served = () => this.outcomes.filter(({ failure }) => failure === undefined).length;
    for (const aim = served() + count; served() < aim; ) await wait(pauseMs);
  }

  /** Resolves once every request is over. */
  async stop(): Promise<readonly Outcome[]> {
    this.#stopped = true;
    await Promise.all(this.#visits);
    for (const agent of this.#agents) agent.destroy();
    return this.outcomes;
  }

  async #visit(visitor: Visitor): Promise<void> {
    const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
    this.#agents.push(agent);
    while (!this.#stopped) {
      this.#count += 1;
      const path = `${visitor.path}${this.#count}`;
      const beganAt = performance.now();
      const { begun, failure } = await this.#ask(visitor, path, visitor.keepAlive && agent);
      this.outcomes.push({ visitor, path, beganAt, endedAt: performance.now(), begun, failure });
      await wait(pauseMs);
    }
  }

  async #ask({ method, body = '' }: Visitor, path: string, agent: https.Agent | false) {
    const { port, host, ca, headers } = this.#target;
    let begun = false;
    try {
      const req = https.request({
        ...{ host: '127.0.0.1', port, servername: host, ca, agent, method, path },
        headers: { ...headers, host },
      });
      req.end(body);
      const [res] = (await once(req, 'response')) as [IncomingMessage];
      begun = res.statusCode === 200;
      let text = '';
      for await (const chunk of res) text += chunk;
      if (res.statusCode === 200 && text === path) return { begun, failure: undefined };
      const code = res.headers['x-proxy-error'] ?? '';
      return { begun, failure: `${res.statusCode} ${code} ${text.slice(0, 80)}` };
    } catch (error) {
      return { begun, failure: String((error as NodeJS.ErrnoException).code ?? error) };
    }
  }
}
