import { Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { countersOf } from './counters.ts';
import { addGauges, type Present } from './gauges.ts';
import { type FinishedExchange, type Observer, wakeSteps } from './observer.ts';

/** What Prometheus is told. */
export interface Metrics {
  readonly observer: Partial<Observer>;
  /** Adds what is looked up when somebody asks; to be called once. */
  show(present: Present): void;
  /** The text of a scrape, in Prometheus's exposition format 0.0.4. */
  scrape(): Promise<string>;
}

/** From a cached page to a model that thinks for minutes, in seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/**
 * Counts and measures what the observers are told, in a registry of its own. No label holds anything
 * that a visitor or a sandbox can choose: their number is bounded whatever comes.
 */
export function createMetrics(): Metrics {
  const registers = [new Registry()];
  const durations = new Histogram({
    name: 'daytona_proxy_request_duration_seconds',
    help: 'From the arrival of a request to the end of its answer, WebSockets and event streams left out. outcome is sandbox, own (our own page), left (the client did) or the code of our error.',
    labelNames: ['method', 'status', 'outcome'] as const,
    buckets,
    registers,
  });
  const firstBytes = new Histogram({
    name: 'daytona_proxy_first_byte_seconds',
    help: 'From the arrival of a request to the first byte of its sandbox’s answer.',
    labelNames: ['kind'] as const,
    buckets,
    registers,
  });
  const calls = new Histogram({
    name: 'daytona_proxy_daytona_call_duration_seconds',
    help: 'Calls to the Daytona API; outcome is ok, or what the failure means.',
    labelNames: ['call', 'outcome'] as const,
    buckets: buckets.filter((bound) => bound <= 60),
    registers,
  });
  const wakes = new Histogram({
    name: 'daytona_proxy_wake_duration_seconds',
    help: 'From a visitor at a sandbox that sleeps to the answer of its port (done), or until it was given up (failed, not-listening).',
    labelNames: ['outcome'] as const,
    buckets: [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600],
    registers,
  });
  const streams = new Counter({
    name: 'daytona_proxy_streams_total',
    help: 'WebSockets and event streams that are over, refused ones too.',
    labelNames: ['kind', 'outcome'] as const,
    registers,
  });
  for (const kind of ['request', 'websocket', 'events'] as const) firstBytes.zero({ kind });
  for (const kind of ['websocket', 'events']) streams.inc({ kind, outcome: 'sandbox' }, 0);
  for (const outcome of wakeSteps) if (outcome !== 'start') wakes.zero({ outcome });
  const counters = countersOf(registers);

  const finished = (exchange: FinishedExchange) => {
    const { kind, method, status, firstByteMs } = exchange;
    const outcome = outcomeOf(exchange);
    if (kind === 'request') {
      const labels = { method: methodClass(method), status: statusClass(status), outcome };
      durations.observe(labels, exchange.durationMs / 1000);
    } else {
      streams.inc({ kind, outcome });
    }
    if (firstByteMs !== undefined) firstBytes.observe({ kind }, firstByteMs / 1000);
    counters.add(exchange);
  };
  return {
    observer: {
      finished,
      apiCall: (call, outcome, ms) => {
        calls.observe({ call, outcome }, ms / 1000);
        counters.called(outcome);
      },
      attempt: counters.attempt,
      limited: counters.limited,
      healed: counters.healed,
      wake: (step, ms) => {
        counters.wake(step);
        if (step !== 'start') wakes.observe({ outcome: step }, ms / 1000);
      },
    },
    show: (present) => addGauges(registers, present),
    scrape: async () => {
      const texts = [...registers, processMetrics()].map((registry) => registry.metrics());
      return (await Promise.all(texts)).join('\n');
    },
  };
}

let ofProcess: Registry | undefined;

/** What prom-client tells of every Node process; its observers are not to be had twice in one. */
function processMetrics(): Registry {
  if (!ofProcess) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
  }
  return ofProcess;
}

/** `read`, `write`, or `other` for what nobody knows: a method may be any word. */
function methodClass(method: string): 'read' | 'write' | 'other' {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
      return 'read';
    case 'POST':
    case 'PUT':
    case 'PATCH':
    case 'DELETE':
      return 'write';
    default:
      return 'other';
  }
}

const statusClasses = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'] as const;

function statusClass(status: number): (typeof statusClasses)[number] {
  return statusClasses[Math.trunc(status / 100)] ?? 'other';
}

/** Whose answer it was. */
function outcomeOf({ code, status, carried }: FinishedExchange): string {
  if (code) return code;
  if (status === 499) return 'left';
  return carried ? 'sandbox' : 'own';
}
