import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { Revoked } from '../../../src/egress/revoked.ts';
import { createLog } from '../../../src/log/logger.ts';
import { eventually } from '../../support/eventually.ts';

const folder = mkdtempSync(join(tmpdir(), 'egress-revoked-'));
const path = join(folder, 'revoked');
const told: string[] = [];
const stream = new Writable({
  write(line, _encoding, done) {
    told.push(JSON.parse(String(line)).event);
    done();
  },
});
let changes = 0;
let revoked: Revoked;
afterEach(() => revoked?.close());
afterAll(() => rmSync(folder, { recursive: true }));

async function follow(text: string): Promise<void> {
  writeFileSync(path, text);
  told.length = 0;
  changes = 0;
  revoked = new Revoked(
    [],
    path,
    createLog({ level: 'info', format: 'json', stream }),
    () => {
      changes += 1;
    },
    { lookMs: 20, sureMs: 400 },
  );
  await revoked.start();
}

test('an id counts in capitals too', async () => {
  await follow('ABC # a person’s way to write it\n');
  expect(revoked.has('abc')).toBe(true);
});

test('a line that is not one id is told, and the others count', async () => {
  await follow('a\nb, c\nd\n');
  expect(await eventually(() => told.includes('egress.revoked.line'))).toBe(true);
  expect(['a', 'b', 'c', 'd'].map((id) => revoked.has(id))).toEqual([true, false, false, true]);
});

test('who is missing is let in once the file has stayed so, and who is new is out at once', async () => {
  await follow('a\n');
  writeFileSync(path, 'b\n');
  expect(await eventually(() => revoked.has('b'))).toBe(true);
  expect([revoked.has('a'), changes > 0]).toEqual([true, true]);
  expect(await eventually(() => !revoked.has('a'))).toBe(true);
  expect(revoked.has('b')).toBe(true);
  expect(await eventually(() => told.includes('egress.revoked'))).toBe(true);
});

test('nobody is let in by a file that is empty while it is rewritten in place', async () => {
  await follow('a\n');
  writeFileSync(path, '');
  expect(await eventually(() => changes > 0)).toBe(true);
  writeFileSync(path, 'a\nb\n');
  expect(await eventually(() => revoked.has('b'))).toBe(true);
  expect(await eventually(() => !revoked.has('a') || !revoked.has('b'), 600)).toBe(false);
});
