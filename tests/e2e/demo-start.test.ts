import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { startProgram } from '../support/program.ts';

jest.setTimeout(60_000);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'programs-'));
  // An OpenCode that takes its time to listen.
  const program = `#!/bin/sh\necho $$ > ${folder}/pid\nexec sleep 1000\n`;
  writeFileSync(`${folder}/opencode`, program, { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true }));

test('Ctrl-C while the demo starts leaves nothing of it behind', async () => {
  const { child, exit } = startProgram(
    { PORT: '0', PATH: `${folder}:${process.env.PATH}` },
    'demo',
  );
  const pid = () => readFileSync(`${folder}/pid`, 'utf8').trim();
  expect(await eventually(() => existsSync(`${folder}/pid`) && pid() !== '', 30_000)).toBe(true);
  expect(isRunning(pid())).toBe(true);
  child.kill('SIGINT');
  expect(await exit).toBe(130);
  expect(await eventually(() => !isRunning(pid()))).toBe(true);
});

function isRunning(pid: string): boolean {
  try {
    return process.kill(Number(pid), 0);
  } catch {
    return false;
  }
}
