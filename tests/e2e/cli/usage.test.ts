import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type EmbeddedDaytona, startDaytona } from '../../../src/demo/daytona.ts';
import { type Caller, makeCaller } from '../../support/command.ts';

// Every command is a process, which on a busy machine takes seconds to begin.
jest.setTimeout(60_000);

let daytona: EmbeddedDaytona;
let caller: Caller;

beforeAll(async () => {
  daytona = await startDaytona();
  caller = makeCaller({ DAYTONA_API_KEY: daytona.apiKey, DAYTONA_API_URL: daytona.apiUrl });
});
afterAll(async () => {
  caller.remove();
  await daytona.close();
});

test.each([
  ['--help', 'sandbox'],
  ['sandbox --help', 'create'],
  ['sandbox create --help', '--allow-domain'],
  ['share --help', '--read-only'],
])('%s helps on standard output, with exit code 0', async (line, words) => {
  const { code, out, err } = await caller.run(line.split(' '));
  expect([code, err]).toEqual([0, '']);
  expect(out).toContain(words);
  expect(out).toContain('--json');
});

test.each([
  ['nothing', '', 'Usage: daytona-proxy'],
  ['no command', 'sandbox', 'Usage: daytona-proxy sandbox'],
  ['an unknown command', 'sandbox crate', 'create'],
  ['an unknown option', 'sandbox list --forever', '--forever'],
  ['one operand too many', 'sandbox stop a b', 'too many arguments'],
  ['no port', 'sandbox url a', "missing required argument 'port'"],
  ['a port that is none', 'sandbox url a b', 'whole number'],
  ['no sandbox where none is remembered', 'sandbox test', 'sandbox -- list'],
])('with %s it says how it is called, with exit code 2', async (_name, line, words) => {
  const { code, out, err } = await caller.run(line.split(' ').filter(Boolean));
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(words);
});

test('with --json errors are one JSON object too', async () => {
  const { code, error } = await caller.json(['sandbox', 'list', '--forever']);
  expect([code, error.message]).toEqual([2, "unknown option '--forever'"]);
  const unknown = await caller.json(['sandbox', 'stop', 'nobody']);
  expect([unknown.code, unknown.error.statusCode]).toEqual([1, 404]);
});

test.each([
  ['no key', { DAYTONA_API_KEY: '' }, 'DAYTONA_API_KEY is not set'],
  ['a wrong key', { DAYTONA_API_KEY: 'wrong' }, 'refused DAYTONA_API_KEY'],
  ['a wrong port', { PORT: 'none' }, 'PORT = "none"'],
  ['nobody at the API', { DAYTONA_API_URL: 'http://127.0.0.1:1/api' }, 'cannot be reached'],
])('with %s it fails with what to do and without a stack', async (_name, env, words) => {
  const { code, out, err } = await caller.run(
    ['sandbox', 'list'],
    env as unknown as Record<string, string>,
  );
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain(words);
  expect(err).not.toMatch(/^\s+at /m);
});

test('an unknown sandbox is said by its name', async () => {
  const { code, err } = await caller.run(['sandbox', 'url', 'nobody', '3000']);
  expect(code).toBe(1);
  expect(err).toMatch(/nobody.*sandbox -- list/);
});
