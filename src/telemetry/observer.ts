import type { CacheAnswer, Refusal, SandboxAddress } from '../exchange.ts';
import type { ErrorCode } from '../replies/errors.ts';
import type { Phase } from './timeline.ts';

/** What an exchange turned out to be. */
export type Kind = 'request' | 'websocket' | 'events';

/** By what somebody wanted to get in. */
export type AttemptMethod = (typeof attemptMethods)[number];
export const attemptMethods = [
  'bearer',
  'token',
  'key',
  'share',
  'session',
  'signed',
  'login',
  'stats',
] as const;

/** What a limit counts; the first two are those of the whole process and of its descriptors. */
export type Limit = (typeof limits)[number];
export const limits = [
  'connections',
  'descriptors',
  'client-connections',
  'sandbox-connections',
  'rate',
  'failures',
  'misses',
  'starts',
] as const;

/**
 * A sandbox is started; a port of one that slept answers, the sandbox did not come up, or it did and
 * nothing listens on the port.
 */
export type WakeStep = (typeof wakeSteps)[number];
export const wakeSteps = ['start', 'done', 'failed', 'not-listening'] as const;

/** All that is known of an exchange once it is over. Nothing in here is secret. */
export interface FinishedExchange {
  readonly requestId: string;
  /** Undefined where it has no trace, or one of the same id but for the dashes. */
  readonly traceId: string | undefined;
  readonly kind: Kind;
  /** As it came: any text. */
  readonly method: string;
  /** Without a signed token. */
  readonly host: string;
  /** Without the query. */
  readonly path: string;
  /** What the client saw; 101 for a WebSocket, 499 where it left before an answer. */
  readonly status: number;
  /** Our own error; undefined where the sandbox's answer went through, or one of our pages. */
  readonly code: ErrorCode | undefined;
  /** The visitor's address. */
  readonly client: string;
  /** What the host asked for; undefined on a host that is no sandbox's. */
  readonly sandbox: SandboxAddress | undefined;
  /** True where it was told to `carried`. */
  readonly carried: boolean;
  /** The whole and its phases, in ms. */
  readonly durationMs: number;
  readonly phases: Readonly<Record<Phase, number>>;
  /** From the arrival to the sandbox's first byte, in ms; undefined where none came. */
  readonly firstByteMs: number | undefined;
  /** Of bodies, and of a WebSocket's frames. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Undefined where it did not come so far. */
  readonly cache: CacheAnswer | undefined;
  /** How often it was sent again, because the sandbox had closed its idle connection. */
  readonly retries: number;
  /** How often its sandbox was found anew after a refusal. */
  readonly healed: number;
  /** Host and port that it was carried to. */
  readonly upstream: string | undefined;
}

/**
 * Told of what happens: the access log, the metrics and the page for operators are each one. What
 * it is told comes at once and on the hot path: it must be quick, and not throw.
 */
export interface Observer {
  /** An exchange goes to its sandbox; it is told to `finished` later, with `carried` set. */
  carried(sandbox: SandboxAddress, kind: 'http' | 'websocket'): void;
  finished(exchange: FinishedExchange): void;
  /**
   * A call to the Daytona API is over.
   *
   * @param call its name, from a closed set
   * @param outcome `ok`, or what its failure means
   */
  apiCall(call: string, outcome: 'ok' | ErrorCode, durationMs: number): void;
  /** A credential was looked at. */
  attempt(method: AttemptMethod, good: boolean): void;
  /** Something was refused by a limit: an exchange, or so many connections. */
  limited(limit: Limit, count: number): void;
  wake(step: WakeStep, durationMs: number): void;
  /** A sandbox was found anew after this refusal. */
  healed(refusal: Refusal): void;
}

/** Tells several observers, in their order. Each may leave out what it has no use for. */
export function joinObservers(...observers: readonly Partial<Observer>[]): Observer {
  const all = <Name extends keyof Observer>(name: Name) => {
    type Tell = (...args: Parameters<Observer[Name]>) => void;
    const tells = observers.flatMap((observer) => {
      const tell = observer[name] as Tell | undefined;
      return tell ? [tell.bind(observer) as Tell] : [];
    });
    const [first] = tells;
    if (tells.length === 1 && first) return first;
    return ((...args: Parameters<Observer[Name]>) => {
      for (const tell of tells) tell(...args);
    }) as Tell;
  };
  return {
    carried: all('carried'),
    finished: all('finished'),
    apiCall: all('apiCall'),
    attempt: all('attempt'),
    limited: all('limited'),
    wake: all('wake'),
    healed: all('healed'),
  };
}
