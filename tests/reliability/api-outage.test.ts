/**
 * Guarantee: while the Daytona API is down, known sandboxes serve on; unknown ones get a clear 503
 * within the deadline; and a few seconds after its return all is as before.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { ask, codeOf } from '../support/client.ts';
import { printFigures, quantile } from '../support/figures.ts';
import { type Rig, startRig } from '../support/rig.ts';

const outageMs = 60_000;
/** Of the known sandbox, so that a minute sees all of it expire many times. */
const ttlMs = 4_000;
const deadlineMs = 2_000;
const recoveryMs = 5_000;
const pauseMs = 50;

const faults: Record<string, (rig: Rig) => unknown> = {
  'answers 500': ({ daytona }) => {
    daytona.faults.apiStatus = 500;
  },
  'limits us': ({ daytona }) => {
    daytona.faults.apiStatus = 429;
    daytona.faults.retryAfterSeconds = 3;
  },
  hangs: ({ daytona }) => {
    daytona.faults.apiHang = true;
  },
  'refuses connections': ({ daytona }) => daytona.stopApi(),
  'answers broken JSON': ({ daytona }) => {
    daytona.faults.apiMalformed = true;
  },
};
const rigs: Rig[] = [];
afterEach(async () => {
  await Promise.all(rigs.splice(0).map((rig) => rig.close()));
});

test('whatever is wrong with the API, for a minute', async () => {
  const measured = await Promise.all(Object.entries(faults).map((fault) => sitThrough(...fault)));
  for (const each of measured) printFigures(`an API that ${each.fault}`, each.figures);
  for (const { fault, known, unknown, figures } of measured) {
    expect([fault, [...new Set(known)]]).toEqual([fault, ['200 ok']]);
    expect([fault, [...new Set(unknown)]]).toEqual([fault, ['503 DAYTONA_UNAVAILABLE, retry']]);
    expect(figures['slowest 503, ms']).toBeLessThan(deadlineMs + 1_000);
    expect(figures['back after, ms']).toBeLessThan(recoveryMs);
    // 429 asks for 3 s of peace; a trial of a broken API comes every 2 s, as two calls.
    expect(figures.calls).toBeLessThan(fault === 'limits us' ? 60 : 120);
  }
});

async function sitThrough(fault: string, begin: (rig: Rig) => unknown) {
  const rig = await startRig({
    app: (_req, res) => res.end('ok'),
    env: {
      CACHE_TTL: String(ttlMs),
      DAYTONA_API_TIMEOUT_MS: String(deadlineMs),
      RATE_LIMIT_MAX: '0',
    },
  });
  rigs.push(rig);
  const { port } = rig.proxy;
  const known: string[] = [];
  const times: number[] = [];
  const unknown: string[] = [];
  const late: number[] = [];
  const askKnown = async () => {
    const start = performance.now();
    const { status, body } = await ask(port, { host: rig.host() });
    times.push(performance.now() - start);
    known.push(`${status} ${body}`);
  };
  const askUnknown = async () => {
    const made = rig.daytona.sandboxes.create();
    made.ports.set(3000, rig.sandbox.ports.get(3000) ?? 0);
    const start = performance.now();
    const answer = await ask(port, { host: rig.host(3000, made) });
    late.push(performance.now() - start);
    return answer;
  };
  await askKnown();
  await begin(rig);
  const before = rig.daytona.calls.length;
  const end = performance.now() + outageMs;
  const visits = (async () => {
    for (; performance.now() < end; await wait(pauseMs)) await askKnown();
  })();
  for (; performance.now() < end - deadlineMs; await wait(1_000)) {
    const answer = await askUnknown();
    const retry = Number(answer.headers['retry-after']) > 0 ? ', retry' : '';
    unknown.push(`${answer.status} ${codeOf(answer)}${retry}`);
  }
  await visits;
  const calls = rig.daytona.calls.length - before;
  const slowest = Math.round(Math.max(...late));
  rig.daytona.faults.reset();
  if (fault === 'refuses connections') await rig.daytona.startApi();
  const returned = performance.now();
  while ((await askUnknown()).status !== 200) await wait(pauseMs);
  const figures = {
    'known served': known.length,
    errors: known.filter((each) => each !== '200 ok').length,
    'p99, ms': Math.round(quantile(times, 0.99)),
    'unknown refused': unknown.length,
    'slowest 503, ms': slowest,
    'back after, ms': Math.round(performance.now() - returned),
    calls,
  };
  return { fault, known, unknown, figures };
}
