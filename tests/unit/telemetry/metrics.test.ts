import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMetrics } from '../../../src/telemetry/metrics.ts';
import type { FinishedExchange } from '../../../src/telemetry/observer.ts';
import { finishedRequest } from '../../support/finishedExchange.ts';

const exchange: FinishedExchange = { ...finishedRequest, bytesUp: 3 };

const series = (text: string) =>
  new Set(
    text
      .split('\n')
      .filter((line) => line.startsWith('daytona_proxy_'))
      .map((line) => line.slice(0, line.lastIndexOf(' '))),
  );

test('nothing that a visitor or a sandbox chooses becomes a label', async () => {
  const metrics = createMetrics();
  const { finished } = metrics.observer;
  for (const method of ['GET', 'POST', 'BREW']) {
    for (const status of [101, 200, 301, 404, 500, 999])
      finished?.({ ...exchange, method, status });
  }
  finished?.({ ...exchange, status: 499 });
  const before = series(await metrics.scrape());
  const word = fc.string({ minLength: 1 });
  const chosen = fc.record({
    method: word,
    host: word,
    path: word,
    client: word,
    upstream: word,
    sandbox: fc.record({ id: word, port: fc.nat() }),
    status: fc.integer({ min: 100, max: 999 }),
  });
  fc.assert(fc.property(chosen, (facts) => void finished?.({ ...exchange, ...facts })));
  const more = [...series(await metrics.scrape())].filter((name) => !before.has(name));
  // A client that left by any method: three classes, and no more.
  expect(more.filter((name) => !name.includes('outcome="left"'))).toEqual([]);
});

test('tells requests by whose answer it was, and a stream is no request', async () => {
  const metrics = createMetrics();
  const { finished } = metrics.observer;
  finished?.({ ...exchange, method: 'DELETE', status: 204 });
  finished?.({ ...exchange, status: 429, code: 'RATE_LIMITED', carried: false });
  finished?.({ ...exchange, status: 200, carried: false, cache: undefined });
  finished?.({ ...exchange, status: 499 });
  finished?.({ ...exchange, kind: 'events', durationMs: 3_600_000 });
  const text = await metrics.scrape();
  const count = 'daytona_proxy_request_duration_seconds_count';
  expect(text).toContain(`${count}{method="write",status="2xx",outcome="sandbox"} 1\n`);
  expect(text).toContain(`${count}{method="read",status="4xx",outcome="RATE_LIMITED"} 1\n`);
  expect(text).toContain(`${count}{method="read",status="2xx",outcome="own"} 1\n`);
  expect(text).toContain(`${count}{method="read",status="4xx",outcome="left"} 1\n`);
  expect(text).toContain('daytona_proxy_streams_total{kind="events",outcome="sandbox"} 1\n');
  expect(text).toContain('daytona_proxy_body_bytes_total{direction="down"} 25\n');
  expect(text).toContain('daytona_proxy_cache_answers_total{answer="hit"} 4\n');
});

test('counts an error of ours whatever it ended, and tells of all from 0', async () => {
  const metrics = createMetrics();
  const internal = 'daytona_proxy_errors_total{code="INTERNAL"}';
  expect(await metrics.scrape()).toContain(`${internal} 0\n`);
  for (const kind of ['request', 'websocket', 'events'] as const) {
    metrics.observer.finished?.({ ...exchange, kind, status: 500, code: 'INTERNAL' });
  }
  expect(await metrics.scrape()).toContain(`${internal} 3\n`);
});

test('writes a histogram whose buckets add up, each with those below it', async () => {
  const metrics = createMetrics();
  for (const ms of [5, 6, 400_000]) metrics.observer.finished?.({ ...exchange, durationMs: ms });
  const of = 'method="read",status="2xx",outcome="sandbox"';
  const name = 'daytona_proxy_request_duration_seconds';
  const told = (await metrics.scrape()).split('\n').filter((line) => line.includes(of));
  const value = (start: string) =>
    told
      .find((line) => line.startsWith(start))
      ?.split(' ')
      .at(-1);
  expect(value(`${name}_bucket{le="0.005",${of}}`)).toBe('1');
  expect(value(`${name}_bucket{le="0.01",${of}}`)).toBe('2');
  expect(value(`${name}_bucket{le="300",${of}}`)).toBe('2');
  expect(value(`${name}_bucket{le="+Inf",${of}}`)).toBe('3');
  expect(value(`${name}_count{`)).toBe('3');
  expect(Number(value(`${name}_sum{`))).toBeCloseTo(400.011);
});

test('two registries in one process do not get into each other’s way', async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.observer.limited?.('rate', 7);
  expect(await one.scrape()).toContain('daytona_proxy_limited_total{limit="rate"} 7\n');
  const text = await other.scrape();
  expect(text).toContain('daytona_proxy_limited_total{limit="rate"} 0\n');
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
});
