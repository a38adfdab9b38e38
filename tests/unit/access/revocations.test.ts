import {
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Revocations } from '../../../src/access/revocations.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'revocations-'));
  file = join(folder, 'revoked');
});
afterEach(() => rmSync(folder, { recursive: true }));

const later = Date.now() + 60_000;
const longAgo = Date.now() - 2 * 86_400_000;

test('what was revoked is so until long after its time, and after a restart', async () => {
  const first = await Revocations.load(file);
  await first.add('a', later);
  await first.add('b', longAgo);
  first.sweep();
  expect([first.has('a'), first.has('b'), first.has('c')]).toEqual([true, false, false]);
  const second = await Revocations.load(file);
  expect([second.has('a'), second.has('b')]).toEqual([true, false]);
  expect(readFileSync(file, 'utf8')).not.toContain('"b"');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a clock that went ahead and is put back brings nothing to life again', async () => {
  const revocations = await Revocations.load(file);
  const anHourAgo = Date.now() - 3_600_000; // As what has a minute to live, once the clock is ahead.
  await revocations.add('a', anHourAgo);
  revocations.sweep();
  expect(revocations.has('a')).toBe(true);
  expect((await Revocations.load(file)).has('a')).toBe(true);
});

test('without a file it is remembered as long as the process lives', async () => {
  const first = await Revocations.load(undefined);
  await first.add('a', later);
  expect(first.has('a')).toBe(true);
});

test.each([
  ['that is damaged', 'no JSON\n'],
  ['that holds something else', '{"id":1}\n'],
  ['that holds something else in its first line', '{"id":\n{"name":"x"\n'],
  ['with two lines in one', `{"id":"a","un{"id":"b","until":${later}}\n`],
])('a file %s stops the start, and is left as it is', async (_name, content) => {
  writeFileSync(file, content);
  await expect(Revocations.load(file)).rejects.toThrow(`STATE_FILE=${file} cannot be used`);
  expect(readFileSync(file, 'utf8')).toBe(content);
});

test('a last line that was not written to its end is left out', async () => {
  writeFileSync(file, `{"id":"a","until":${later}}\n{"id":"b","un`);
  const restored = await Revocations.load(file);
  expect([restored.has('a'), restored.has('b')]).toEqual([true, false]);
});

test('a line that a full disk cut off is written again, and does not stop the next start', async () => {
  const revocations = await Revocations.load(file);
  unlinkSync(file);
  symlinkSync('/dev/full', file);
  await expect(revocations.add('a', later)).rejects.toThrow('ENOSPC');
  unlinkSync(file);
  writeFileSync(file, '{"id":"a","un'); // What a disk would have that was not full from the start.
  await revocations.add('b', later);
  await revocations.add('c', later);
  let torn = 0;
  const restored = await Revocations.load(file, undefined, (count) => {
    torn = count;
  });
  expect(['a', 'b', 'c'].map((id) => restored.has(id))).toEqual([true, true, true]);
  expect(torn).toBe(1);
  await Revocations.load(file, undefined, () => {
    torn = 2;
  });
  expect(torn).toBe(1);
});

test('whoever asks again for what could not be written hears whether it is now', async () => {
  const revocations = await Revocations.load(file);
  unlinkSync(file);
  symlinkSync('/dev/full', file);
  await expect(revocations.add('a', later)).rejects.toThrow('ENOSPC');
  await expect(revocations.add('a', later)).rejects.toThrow('ENOSPC');
  unlinkSync(file);
  await revocations.add('a', later);
  expect((await Revocations.load(file)).has('a')).toBe(true);
});

test('a folder that is not there stops the start', async () => {
  await expect(Revocations.load(join(folder, 'x', 'y'))).rejects.toThrow('ENOENT');
});
