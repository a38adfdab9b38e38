import { Counter, type Registry } from 'prom-client';
import type { Refusal } from '../exchange.ts';
import type { AttemptMethod, CacheAnswer, FinishedExchange, Limit, Observer } from './observer.ts';
import { phases } from './timeline.ts';

/** All members of a closed set, which the compiler keeps complete. */
const all = <T extends string>(set: Record<T, true>) => Object.keys(set) as T[];

const answers = all<CacheAnswer>({ hit: true, miss: true, stale: true });
const methods = all<AttemptMethod>({
  bearer: true,
  token: true,
  key: true,
  share: true,
  session: true,
  signed: true,
  login: true,
  stats: true,
});
const limits = all<Limit>({
  connections: true,
  descriptors: true,
  'client-connections': true,
  'sandbox-connections': true,
  rate: true,
  failures: true,
  misses: true,
  starts: true,
});
const refusals = all<Refusal>({
  token: true,
  stopped: true,
  archived: true,
  gone: true,
  'not-listening': true,
  unreachable: true,
});
const steps = ['start', 'done', 'failed'] as const;
const directions = ['up', 'down'] as const;

/**
 * What is only counted. All labels are there from the start, so that a first event is a rise from 0;
 * what every request adds to is kept as plain numbers until somebody asks.
 *
 * @param registers where the metrics are to be found
 */
export function countersOf(registers: Registry[]) {
  const counter = <Label extends string>(
    name: string,
    help: string,
    label: Label,
    set: string[],
  ) => {
    const made = new Counter({
      name: `daytona_proxy_${name}`,
      help,
      labelNames: [label],
      registers,
    });
    for (const value of set) made.inc({ [label]: value } as Record<Label, string>, 0);
    return made;
  };
  const sums = { up: 0, down: 0, hit: 0, miss: 0, stale: 0, retries: 0 };
  const spent = { limits: 0, access: 0, lookup: 0, connect: 0, firstByte: 0, body: 0 };

  tallied(
    'body_bytes_total',
    'Bytes of bodies and of WebSockets’ frames.',
    'direction',
    directions,
    (direction) => sums[direction],
  );
  tallied(
    'cache_answers_total',
    'By which knowledge of their sandbox requests went: known (hit), asked for (miss), the last where Daytona did not answer (stale).',
    'answer',
    answers,
    (answer) => sums[answer],
  );
  tallied(
    'phase_seconds_total',
    'Where the time of requests went, WebSockets and event streams left out.',
    'phase',
    phases,
    (phase) => spent[phase] / 1000,
  );
  new Counter({
    name: 'daytona_proxy_upstream_retries_total',
    help: 'Requests that were sent again because the sandbox had closed their idle connection.',
    registers,
    collect() {
      this.reset();
      this.inc(sums.retries);
    },
  });
  const limited = counter(
    'limited_total',
    'What was refused or closed by a limit.',
    'limit',
    limits,
  );
  const healed = counter(
    'heals_total',
    'Requests whose sandbox was found anew behind a refusal.',
    'refusal',
    refusals,
  );
  const wakes = counter(
    'wakes_total',
    'Sandboxes that were started, and ports that answered then or did not.',
    'step',
    [...steps],
  );
  const attempts = new Counter({
    name: 'daytona_proxy_auth_attempts_total',
    help: 'Credentials that were looked at.',
    labelNames: ['method', 'outcome'] as const,
    registers,
  });
  for (const method of methods) {
    for (const outcome of ['good', 'bad']) attempts.inc({ method, outcome }, 0);
  }

  /** A counter of sums that are kept elsewhere. */
  function tallied<T extends string>(
    name: string,
    help: string,
    label: string,
    set: readonly T[],
    sum: (value: T) => number,
  ) {
    new Counter({
      name: `daytona_proxy_${name}`,
      help,
      labelNames: [label],
      registers,
      collect() {
        this.reset();
        for (const value of set) this.inc({ [label]: value }, sum(value));
      },
    });
  }

  return {
    /** Adds what an exchange brought. */
    add: ({ kind, phases: took, bytesUp, bytesDown, cache, retries }: FinishedExchange) => {
      sums.up += bytesUp;
      sums.down += bytesDown;
      sums.retries += retries;
      if (cache) sums[cache] += 1;
      if (kind === 'request') for (const phase of phases) spent[phase] += took[phase];
    },
    attempt: (method: AttemptMethod, good: boolean) =>
      attempts.inc({ method, outcome: good ? 'good' : 'bad' }),
    limited: (limit: Limit, count: number) => limited.inc({ limit }, count),
    healed: (refusal: Refusal) => healed.inc({ refusal }),
    wake: (step: Parameters<Observer['wake']>[0]) => wakes.inc({ step }),
  };
}
