import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type { Sandbox } from '../../../src/demo/sandbox.ts';
import {
  type Caller,
  environmentOf,
  freePort,
  makeCaller,
  serving,
} from '../../support/command.ts';
import { eventually } from '../../support/eventually.ts';
import { type Rig, startRig } from '../../support/rig.ts';

// Every command is a process, which on a busy machine takes seconds to begin.
jest.setTimeout(60_000);

let rig: Rig;
let caller: Caller;

beforeAll(async () => {
  rig = await startRig({ env: { PROXY_DOMAIN: 'proxy.localhost' } });
});
afterAll(() => rig.close());
afterEach(() => caller.remove());

const memory = () => `${caller.folder}/.daytona-sandbox.json`;
/** A caller who remembers a sandbox, and that sandbox. */
const remembering = async (facts: object = {}) => {
  caller = makeCaller(environmentOf(rig));
  const port = await freePort();
  const sandbox = rig.daytona.sandboxes.create();
  const { id, name } = sandbox;
  const command = serving(port);
  writeFileSync(memory(), JSON.stringify({ id, name, port, command, createdAt: '', ...facts }));
  return { id, sandbox, port };
};
const stop = (sandbox: Sandbox) => rig.daytona.sandboxes.stop(sandbox);
const start = (...args: string[]) => caller.json(['sandbox', 'start', ...args]);

test('a sandbox is not started where no proxy would lead to its command', async () => {
  const { sandbox } = await remembering();
  stop(sandbox);
  const { code } = await caller.run(['sandbox', 'start'], { PORT: String(await freePort()) });
  expect([code, sandbox.state]).toEqual([1, 'stopped']);
});

test('what runs is left alone', async () => {
  const { id } = await remembering();
  const begun = await start();
  expect(begun.code).toBe(0);
  const { code, err } = await caller.run(['sandbox', 'start', id]);
  expect([code, err]).toEqual([0, expect.stringContaining('Runs already: node -e')]);
});

test('another sandbox than the one created last needs nothing of that one', async () => {
  await remembering({ egress: true });
  const { id, sandbox } = { id: rig.sandbox.id, sandbox: rig.sandbox };
  stop(sandbox);
  expect(await start(id)).toMatchObject({ code: 0, id, state: 'started' });
  const own = await caller.run(['sandbox', 'start']);
  expect([own.code, own.err]).toEqual([1, expect.stringContaining('EGRESS_URL is not set')]);
});

test('a memory that cannot be read is told, and the sandbox started', async () => {
  const { id, sandbox } = await remembering();
  stop(sandbox);
  writeFileSync(memory(), '{');
  const { code, err } = await caller.run(['sandbox', 'start', id]);
  expect([code, sandbox.state]).toEqual([0, 'started']);
  expect(err).toContain('No command is run');
});

test('Ctrl-C in the middle says that the sandbox may run', async () => {
  const { id } = await remembering({ command: 'sleep 1000' });
  const running = caller.start(['sandbox', 'start', '--json']);
  expect(await eventually(() => running.said().includes('Running: sleep'), 20_000)).toBe(true);
  running.kill('SIGINT');
  const { code, out } = await running.ended;
  expect(code).toBe(1);
  expect(JSON.parse(out).error).toMatchObject({ sandbox: { id }, signal: 'SIGINT' });
  expect(JSON.parse(out).error.message).toMatch(/may run.*sandbox -- stop/s);
});

const create = async () => {
  const port = await freePort();
  return caller.run([
    ...['sandbox', 'create', '--port', String(port)],
    ...['--command', serving(port)],
  ]);
};

test('what is remembered is for its owner alone, also where the file was everybody’s', async () => {
  caller = makeCaller(environmentOf(rig));
  writeFileSync(memory(), '{}', { mode: 0o644 });
  expect((await create()).code).toBe(0);
  expect(statSync(memory()).mode & 0o777).toBe(0o600);
});

test('a sandbox that cannot be remembered gets its command all the same', async () => {
  caller = makeCaller(environmentOf(rig));
  mkdirSync(memory());
  const { code, out, err } = await create();
  expect([code, out]).toEqual([0, expect.stringMatching(/^http:/)]);
  expect(err).toContain('could not be remembered');
});
