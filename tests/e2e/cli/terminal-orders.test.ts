/**
 * Attacker: who runs an app in a sandbox, or may name and label one. Step: writes orders to
 * terminals into the log, the name or a label: clear, a title, "type this for your user", another
 * direction of text, a line that looks like another sandbox. Gain: the operator sees what is not
 * so, deletes the wrong sandbox, or runs what he never typed. Defence: a terminal is given text
 * alone, with orders in words; files and pipes get every byte as it was.
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { printable, printableJson } from '../../../src/cli/printable.ts';
import { type Caller, environmentOf, freePort, makeCaller } from '../../support/command.ts';
import { eventually } from '../../support/eventually.ts';
import { type Rig, startRig } from '../../support/rig.ts';
import { inTerminal } from '../../support/terminal.ts';

// Every command is a process, which on a busy machine takes seconds to begin.
jest.setTimeout(60_000);

const main = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));
const attack = 'a\x1b]0;owned\x07b\x1b[2J\x9b5n\u202ec\rd';
const orders = /(?!\t|\r?\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;
let rig: Rig;
let caller: Caller;
let id: string;

const start = (...args: string[]) =>
  inTerminal(main, ['sandbox', ...args], caller, environmentOf(rig));
const seen = (...args: string[]) => start(...args).ended;

beforeAll(async () => {
  rig = await startRig({
    env: { PROXY_DOMAIN: 'proxy.localhost' },
    sandbox: { name: `${attack}\nforged`, labels: { [attack]: `${attack}\nforged` } },
  });
  caller = makeCaller(environmentOf(rig));
  const port = await freePort();
  const code = `require('http').createServer((q, s) => s.end()).listen(${port}); process.stdout.write(${JSON.stringify(`${attack}\n`)}); process.stderr.write(${JSON.stringify(`${attack}\n`)});`;
  const script = Buffer.from(code).toString('base64');
  const command = `node -e "eval(Buffer.from('${script}', 'base64').toString())"`;
  const args = ['create', '--port', String(port), '--command', command];
  ({ id } = await caller.json(['sandbox', ...args]));
});
afterAll(async () => {
  caller.remove();
  await rig.close();
});

test.each([
  ['list', () => seen('list')],
  ['list --json', () => seen('list', '--json')],
  ['test', () => seen('test', rig.sandbox.id, '--port', '3000')],
  ['test with a log', () => seen('test')],
  ['stop', () => seen('stop', rig.sandbox.id)],
  ['logs', () => seen('logs', id)],
  ['logs --json', () => seen('logs', id, '--json')],
  ['the error of logs', () => seen('logs', rig.sandbox.id)],
  ['the question of delete', () => seen('delete', rig.sandbox.id)],
])('%s gives a terminal no orders', async (_name, run) => {
  const text = await run();
  expect(text).toContain('\\u001b]0;owned\\u0007');
  expect(text).not.toMatch(orders);
});

test('files and pipes get every byte of a log', async () => {
  const { out } = await caller.run(['sandbox', 'logs', id]);
  expect(out).toBe(`${attack}\n${attack}\n`);
});

test('no name makes a line of its own where sandboxes stand below each other', async () => {
  for (const text of [await seen('list'), await seen('delete', rig.sandbox.id)])
    expect(text).not.toMatch(/^forged/m);
});

test('what follows a log gives a terminal no orders', async () => {
  const following = start('logs', id, '--follow');
  expect(await eventually(() => following.seen().split('owned').length === 3)).toBe(true);
  rig.daytona.sandboxes.stop(rig.daytona.sandboxes.byId(id) ?? rig.sandbox);
  expect(await following.ended).not.toMatch(orders);
});

test('lines, tabs and letters stay, and JSON stays what it was', () => {
  expect(printable('a\tö\r\n👋\n')).toBe('a\tö\n👋\n');
  expect(JSON.parse(printableJson({ [attack]: attack }))).toEqual({ [attack]: attack });
});
