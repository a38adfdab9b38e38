import type { z } from 'zod';
import { saysScarce, wereScarceSince } from '../descriptors.ts';
import { asProxyError, type ErrorCode, ProxyError } from '../replies/errors.ts';
import type { Observer } from '../telemetry/observer.ts';
import { Circuit } from './circuit.ts';

export interface ApiCallRules {
  /** Deadline of one call, in ms. */
  readonly timeoutMs: number;
  /** Told of every failure that is not a definite answer about a sandbox. */
  readonly onFailure: (call: string, error: ProxyError, status: number | undefined) => void;
  /** Told of every call that was made. */
  readonly onCall?: Observer['apiCall'];
}

/** What an answer's status means, where it is a definite answer. All others are failures. */
export type Meanings = Readonly<Partial<Record<number, ErrorCode>>>;

const aboutSandboxes: Meanings = {
  400: 'SANDBOX_NOT_FOUND', // Not even a name that it could have.
  401: 'DAYTONA_REJECTED_KEY',
  403: 'DAYTONA_REJECTED_KEY',
  404: 'SANDBOX_NOT_FOUND',
};

const longestBackOffSeconds = 60;

/**
 * What all calls to the Daytona API have in common: a deadline, a back-off where it limits us, a
 * circuit that opens where it is down, and failures told apart by status, never by message.
 */
export class ApiCalls {
  readonly #rules: ApiCallRules;
  readonly #circuit = new Circuit();
  /** On the clock that never jumps. */
  #pausedUntil = 0;

  constructor(rules: ApiCallRules) {
    this.#rules = rules;
  }

  /**
   * @param ask makes the call; its answer is read by `schema`
   * @throws ProxyError, and nothing else
   */
  async call<T>(
    name: string,
    schema: z.ZodType<T>,
    ask: (signal: AbortSignal) => Promise<unknown>,
    { meanings = aboutSandboxes, timeoutMs = this.#rules.timeoutMs } = {},
  ): Promise<T> {
    const wait = Math.ceil((this.#pausedUntil - performance.now()) / 1000);
    if (wait > 0) throw new ProxyError('DAYTONA_UNAVAILABLE', { retryAfter: wait });
    if (!this.#circuit.admits()) throw new ProxyError('DAYTONA_UNAVAILABLE', { retryAfter: 2 });
    const begun = performance.now();
    try {
      const answer = schema.parse(await withDeadline(timeoutMs, ask));
      this.#circuit.succeeded();
      this.#rules.onCall?.(name, 'ok', performance.now() - begun);
      return answer;
    } catch (cause) {
      const { status, headers } = readFailure(cause);
      // Daytona was not even asked: that says nothing of it.
      if (status === undefined && isOurs(cause, begun)) {
        this.#rules.onCall?.(name, 'OVERLOADED', performance.now() - begun);
        throw new ProxyError('OVERLOADED', { cause, retryAfter: 1 });
      }
      const meaning = status === undefined ? undefined : meanings[status];
      const retryAfter = status === 429 ? retryAfterOf(headers) : 1;
      const error = meaning
        ? new ProxyError(meaning, { cause })
        : new ProxyError('DAYTONA_UNAVAILABLE', { cause, retryAfter });
      this.#rules.onCall?.(name, error.code, performance.now() - begun);
      if (status === 429) this.#pausedUntil = performance.now() + retryAfter * 1000;
      if (meaning || status === 429) this.#circuit.succeeded();
      else this.#circuit.failed();
      if (!meaning || meaning === 'DAYTONA_REJECTED_KEY') {
        this.#rules.onFailure(name, error, status);
      }
      throw error;
    }
  }
}

/** True where an error tells nothing of a sandbox, and whoever knows the last answer may go by that. */
export function hadNoAnswer(error: unknown): boolean {
  const { code } = asProxyError(error);
  return code === 'DAYTONA_UNAVAILABLE' || code === 'OVERLOADED';
}

/** True where no descriptor was left for the call. The SDK's errors do not say why it failed. */
function isOurs(cause: unknown, begun: number): boolean {
  const { name = '' } = (cause ?? {}) as Partial<Error>;
  if (name === 'ZodError' || name === 'TimeoutError') return false;
  return saysScarce(cause) || wereScarceSince(begun);
}

/** Ends the wait at the deadline even where the library behind `ask` would go on. */
async function withDeadline<T>(ms: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(ms);
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([ask(signal), late]);
}

/** Axios and the SDK name an answer's status and fields differently. */
function readFailure(cause: unknown) {
  const failure = cause as {
    statusCode?: number;
    headers?: Record<string, unknown>;
    response?: { status?: number; headers?: Record<string, unknown> };
  };
  return {
    status: failure.statusCode ?? failure.response?.status,
    headers: failure.response?.headers ?? failure.headers ?? {},
  };
}

/**
 * Daytona names the throttler in the field: `Retry-After-authenticated: 7`. A gateway in front of it
 * may give a date instead (RFC 9110, section 10.2.3).
 *
 * @returns seconds
 */
export function retryAfterOf(headers: Readonly<Record<string, unknown>>): number {
  const seconds = Object.entries(headers)
    .filter(([name]) => name.toLowerCase().startsWith('retry-after'))
    .map(([, value]) => {
      const text = String(value);
      return /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
    })
    .filter((value) => value > 0);
  return Math.min(longestBackOffSeconds, Math.ceil(Math.max(1, ...seconds)));
}
