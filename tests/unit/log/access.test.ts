import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { accessLog } from '../../../src/log/access.ts';
import { createLog } from '../../../src/log/logger.ts';
import type { FinishedExchange } from '../../../src/telemetry/observer.ts';
import { Timeline } from '../../../src/telemetry/timeline.ts';
import { finishedRequest as ordinary } from '../../support/finishedExchange.ts';

/** Writes a line for each that has one. */
async function linesOf(
  exchanges: readonly Partial<FinishedExchange>[],
  sample: number,
  format: 'json' | 'pretty' = 'json',
): Promise<string[]> {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const log = createLog({ level: 'info', format, stream });
  const { finished } = accessLog(log, sample);
  for (const each of exchanges) finished?.({ ...ordinary, ...each });
  await log.close();
  return text.trimEnd().split('\n');
}

const many = (count: number, each: Partial<FinishedExchange>) => Array(count).fill(each);

test('with a sample of 10, one in ten ordinary requests has a line, which says for how many', async () => {
  const lines = (await linesOf(many(10_000, {}), 10)).map((line) => JSON.parse(line));
  expect(new Set(lines.map(({ sample }) => sample))).toEqual(new Set([10]));
  // Seven standard deviations to both sides.
  expect(Math.abs(lines.length - 1_000)).toBeLessThan(210);
});

test('a sample leaves no file out of a page that always asks for the same ones', async () => {
  const page = many(500, {}).flatMap(() => [{ path: '/1' }, { path: '/2' }]);
  const lines = (await linesOf(page, 2)).map((line) => JSON.parse(line));
  expect(new Set(lines.map(({ path }) => path))).toEqual(new Set(['/1', '/2']));
});

test.each<[string, Partial<FinishedExchange>]>([
  ['an error of ours', { status: 429, code: 'RATE_LIMITED' }],
  ['an error of the sandbox’s', { status: 500 }],
  ['a refusal of the sandbox’s', { status: 401 }],
  ['a write to a page of ours', { method: 'POST', status: 303, carried: false }],
  ['a visitor who left', { status: 499 }],
  ['what took a second', { durationMs: 1_000 }],
  ['a WebSocket', { kind: 'websocket', status: 101 }],
  ['an event stream', { kind: 'events' }],
])('%s has a line always', async (_what, each) => {
  expect(await linesOf(many(5, each), 1_000_000)).toHaveLength(5);
});

test('a person reads on one line what made a request slow', async () => {
  const phases = Object.assign(new Timeline(), { limits: 1, lookup: 1_234.56 });
  const slow = { durationMs: 1_250, phases, cache: 'miss', retries: 1, healed: 1 } as const;
  const [line] = await linesOf([slow], 1, 'pretty');
  expect(line).toMatch(
    /→ 200 GET 3000-abc\.example\.com\/ 1250 ms most of it lookup \(1234\.6 ms\) miss sent again found anew$/,
  );
});

test('a person reads nothing more of an ordinary request', async () => {
  const [line] = await linesOf([{}], 1, 'pretty');
  expect(line).toMatch(/→ 200 GET 3000-abc\.example\.com\/ 12 ms$/);
});
