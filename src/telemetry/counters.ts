import { Counter, type Registry } from 'prom-client';
import { cacheAnswers, type Refusal, refusals } from '../exchange.ts';
import { type ErrorCode, errorCodes } from '../replies/errors.ts';
import {
  type AttemptMethod,
  attemptMethods,
  type FinishedExchange,
  type Limit,
  limits,
  type WakeStep,
  wakeSteps,
} from './observer.ts';
import { phases } from './timeline.ts';

/** What is only counted, in a registry. */
export function countersOf(registers: Registry[]) {
  const counter = <Key extends string>(
    name: string,
    help: string,
    labels: string,
    keys: readonly Key[],
  ) => plainCounter(registers, name, help, labels, keys);

  const bytes = counter(
    'body_bytes_total',
    'Bytes of bodies and of WebSockets’ frames, told of when the request or the stream is over.',
    'direction',
    ['up', 'down'],
  );
  const answers = counter(
    'cache_answers_total',
    'By which knowledge of their sandbox requests went: known (hit), asked for (miss), the last where Daytona did not answer (stale).',
    'answer',
    cacheAnswers,
  );
  const spent = counter(
    'phase_seconds_total',
    'Where the time of requests went, WebSockets and event streams left out.',
    'phase',
    phases,
  );
  const errors = counter(
    'errors_total',
    'Errors of the proxy’s own, on WebSockets and event streams too.',
    'code',
    errorCodes,
  );
  const retries = new Counter({
    name: 'daytona_proxy_upstream_retries_total',
    help: 'Requests that were sent again because the sandbox had closed their idle connection.',
    registers,
  });
  const rejections = new Counter({
    name: 'daytona_proxy_key_rejections_total',
    help: 'Calls to the Daytona API that were refused because of the API key.',
    registers,
  });
  const limited = counter(
    'limited_total',
    'What was refused or closed by a limit.',
    'limit',
    limits,
  );
  const healed = counter(
    'heals_total',
    'How often a sandbox was found anew behind a refusal, and its request sent there.',
    'refusal',
    refusals,
  );
  const wakes = counter(
    'wakes_total',
    'Sandboxes that were started (start), and what became of ports that were waited for: they answered (done), their sandbox did not come up (failed), nothing listened on them (not-listening).',
    'step',
    wakeSteps,
  );
  const attempts = counter(
    'auth_attempts_total',
    'Credentials that were looked at.',
    'method outcome',
    attemptMethods.flatMap((method) => [`${method} good`, `${method} bad`] as const),
  );

  return {
    /** Adds what an exchange brought. */
    add: (exchange: FinishedExchange) => {
      const { kind, code, phases: took, cache } = exchange;
      bytes.up += exchange.bytesUp;
      bytes.down += exchange.bytesDown;
      if (exchange.retries > 0) retries.inc(exchange.retries);
      if (cache) answers[cache] += 1;
      if (code) errors[code] += 1;
      if (kind === 'request') for (const phase of phases) spent[phase] += took[phase] / 1000;
    },
    called: (outcome: 'ok' | ErrorCode) => {
      if (outcome === 'DAYTONA_REJECTED_KEY') rejections.inc();
    },
    attempt: (method: AttemptMethod, good: boolean) => {
      attempts[`${method} ${good ? 'good' : 'bad'}`] += 1;
    },
    limited: (limit: Limit, count: number) => {
      limited[limit] += count;
    },
    healed: (refusal: Refusal) => {
      healed[refusal] += 1;
    },
    wake: (step: WakeStep) => {
      wakes[step] += 1;
    },
  };
}

/**
 * A counter of plain numbers, which prom-client is given when somebody asks: whoever adds to them on
 * the hot path pays for nothing else. All are there from the start, so that a first event is a rise
 * from 0.
 *
 * @param labels the label's name, or several with a space between
 * @param keys its values, or theirs
 */
function plainCounter<Key extends string>(
  registers: Registry[],
  name: string,
  help: string,
  labels: string,
  keys: readonly Key[],
): Record<Key, number> {
  const sums = Object.fromEntries(keys.map((key) => [key, 0])) as Record<Key, number>;
  const labelNames = labels.split(' ');
  new Counter({
    name: `daytona_proxy_${name}`,
    help,
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const key of keys) {
        const values = key.split(' ');
        this.inc(Object.fromEntries(labelNames.map((label, i) => [label, values[i]])), sums[key]);
      }
    },
  });
  return sums;
}
