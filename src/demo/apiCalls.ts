import { EventEmitter, once } from 'node:events';

/** One call that the API received. */
export interface ApiCall {
  readonly method: string;
  /** Path below the base, without the query: `/sandbox/abc`. */
  readonly path: string;
  /** When it came, as `performance.now()` says it. */
  readonly at: number;
  /** What it was answered with; undefined until then. */
  status?: number;
}

/** Every call that the API received, in order. */
export class ApiCalls {
  readonly all: ApiCall[] = [];
  readonly #received = new EventEmitter();

  add(call: ApiCall): void {
    this.all.push(call);
    this.#received.emit('call');
  }

  /** Those of one method whose path fits. */
  of(method: string, path: RegExp): ApiCall[] {
    return this.all.filter((call) => call.method === method && path.test(call.path));
  }

  /** Resolves as soon as there are that many. */
  async reach(count: number): Promise<void> {
    while (this.all.length < count) await once(this.#received, 'call');
  }
}
