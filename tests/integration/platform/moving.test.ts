import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from '@jest/globals';
import { daytonaProxy } from '../../corpus/daytonaProxy.ts';
import type { Outcome, Settings } from '../../corpus/daytonaProxyCase.ts';
import { happenedAs } from '../../support/movingOutcome.ts';
import { MovingRig } from '../../support/movingRig.ts';
import { movingLine, movingTable, outcomeText } from '../../support/movingTable.ts';

/** One proxy for each distinct setting. */
const rigs = new Map<Settings, Promise<MovingRig>>();
const rigFor = (settings: Settings = 'usual') => {
  const rig = rigs.get(settings) ?? MovingRig.start(settings);
  rigs.set(settings, rig);
  return rig;
};
afterAll(async () => {
  for (const rig of rigs.values()) await (await rig).close();
});

const rows = daytonaProxy.flatMap(({ rows }) => rows);

describe.each([...daytonaProxy])('$theme', ({ rows }) => {
  test.each([...rows])('$name', async ({ request, ours }) => {
    const happened = await (await rigFor(request.settings)).run(request);
    const expected: Outcome = JSON.parse(happened.fill(JSON.stringify(ours)));
    expect(await happenedAs(happened, ours)).toEqual(expected);
  });
});

test('the table has at least 64 requests, each under a name of its own', () => {
  expect(rows.length).toBeGreaterThanOrEqual(64);
  const lines = daytonaProxy.flatMap(({ theme, rows }) =>
    rows.map((row) => `${theme} ${movingLine(row).split(' | ', 1)}`),
  );
  expect(lines.filter((line, i) => lines.indexOf(line) !== i)).toEqual([]);
});

test('a difference is one, and has its reason', () => {
  for (const { daytona, ours, why } of rows) {
    expect(why === undefined).toBe(daytona === undefined);
    expect(daytona).not.toBe(outcomeText(ours));
  }
});

test('the README has exactly one line for every request, as it stands here', () => {
  const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const section = /\n## Moving from Daytona's own proxy\n(.*?)\n## /s.exec(readme)?.[1] ?? '';
  const [, table] =
    /<details>\n<summary>.*?<\/summary>\n\n(.*?)\n\n<\/details>/s.exec(section) ?? [];
  expect(table).toBe(movingTable());
});
