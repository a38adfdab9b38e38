import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { ask } from '../../support/client.ts';
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
let port: number;

beforeEach(async () => {
  rig = await startRig({ env: { PROXY_DOMAIN: 'proxy.localhost', ACCESS_MODE: 'private' } });
  caller = makeCaller({ ...environmentOf(rig), ACCESS_MODE: 'private' });
  port = await freePort();
});
afterEach(async () => {
  caller.remove();
  await rig.close();
});

const create = (...args: string[]) => ['sandbox', 'create', '--port', String(port), ...args];
const made = () => rig.daytona.sandboxes.list().find(({ id }) => id !== rig.sandbox.id);
const remembered = () => JSON.parse(readFileSync(`${caller.folder}/.daytona-sandbox.json`, 'utf8'));

test('prints the address of a sandbox whose port answers through the proxy', async () => {
  const { code, out, err } = await caller.run(create('--command', serving(port)));
  expect([code, err]).toEqual([0, expect.stringContaining('Creating opencode-')]);
  const sandbox = made();
  expect(out).toBe(`http://${port}-${sandbox?.id}.proxy.localhost:${rig.proxy.port}/\n`);
  const host = new URL(out).host;
  const headers = { 'x-daytona-preview-token': sandbox?.token };
  expect((await ask(rig.proxy.port, { host, headers })).body).toBe('from inside');
  expect(remembered()).toMatchObject({ id: sandbox?.id, port, command: serving(port) });
});

test('asks Daytona for all that was said', async () => {
  const said = [
    ['--image', 'debian:12', '--name', 'mine', '--public', '--cpu', '2', '--memory', '4'],
    ['--disk', '8', '--auto-stop', '45', '--label', 'team=web', '--label', 'for=x=y'],
    ['--env', 'COLOUR=blue', '--allow-domain', 'a.test,*.b.test', '--allow-domain', 'c.test'],
  ].flat();
  const answer = await caller.json(create('--command', serving(port, '$COLOUR'), ...said));
  expect(answer).toMatchObject({ code: 0, name: 'mine', port, public: true, id: made()?.id });
  expect(answer.answeredAfterMs).toBeGreaterThan(0);
  expect(made()).toMatchObject({
    source: 'debian:12',
    public: true,
    cpu: 2,
    memory: 4,
    disk: 8,
    autoStopInterval: 45,
    labels: { team: 'web', for: 'x=y' },
    env: { COLOUR: 'blue' },
    domainAllowList: 'a.test,*.b.test,c.test',
  });
  const headers = { 'x-daytona-preview-token': made()?.token };
  const { body } = await ask(rig.proxy.port, { host: new URL(answer.url).host, headers });
  expect(body).toBe('blue');
});

test('runs OpenCode where nothing else is said, and tells that the image has none', async () => {
  const { code, error } = await caller.json(create());
  expect(code).toBe(1);
  expect(error).toMatchObject({ exitCode: 127, sandbox: { id: made()?.id } });
  expect(error.message).toContain(`opencode serve --port ${port} --hostname 0.0.0.0`);
  expect(error.message).toContain('--image');
});

test('says what exists and how to delete it when the command fails', async () => {
  const command = 'echo before; echo the reason >&2; exit 3';
  const { code, out, err } = await caller.run(create('--command', command));
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/ended with code 3 .*\n.*\| before\n.*\| the reason\n/);
  expect(err).toContain(`sandbox -- delete ${made()?.id}`);
});

test('says the same when the port does not answer in time', async () => {
  const { code, err } = await caller.run(create('--command', 'sleep 1000', '--wait', '1s'));
  expect(code).toBe(1);
  expect(err).toMatch(/did not answer through the proxy within 1 s: the proxy said 502/);
  expect(err).toContain(`sandbox -- delete ${made()?.id}`);
});

test('Ctrl-C while Daytona makes the sandbox says that it may exist, and by which name', async () => {
  rig.daytona.faults.startMs = 60_000;
  const running = caller.start(create('--command', 'sleep 1000', '--name', 'mine'));
  expect(await eventually(() => made() !== undefined)).toBe(true);
  running.kill('SIGINT');
  const { code, out, err } = await running.ended;
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain('Interrupted');
  expect(err).toMatch(/may exist.*sandbox -- delete mine/s);
});

test('Ctrl-C while the port is waited for says what exists', async () => {
  const running = caller.start([...create('--command', 'sleep 1000'), '--json']);
  expect(await eventually(() => running.said().includes('Waiting for port'))).toBe(true);
  running.kill('SIGINT');
  const { code, out } = await running.ended;
  expect(code).toBe(1);
  expect(JSON.parse(out).error).toMatchObject({ signal: 'SIGINT', sandbox: { id: made()?.id } });
});

test.each([
  ['an image and a snapshot', ['--image', 'a', '--snapshot', 'b'], 2, 'not both'],
  ['sizes without an image', ['--cpu', '2'], 2, '--image'],
  ['a port that is none', ['--port', '70000'], 2, '65535'],
  ['a label that is none', ['--label', 'team'], 2, 'name=value'],
  ['a domain that is none', ['--allow-domain', 'https://a.test'], 2, 'example.com'],
  ['a network that is none', ['--allow-network', 'a.test'], 2, '203.0.113.7/32'],
])('creates nothing with %s', async (_name, args, exitCode, words) => {
  const { code, out, err } = await caller.run(create(...args));
  expect([code, out]).toEqual([exitCode, '']);
  expect(err).toContain(words);
  expect(made()).toBeUndefined();
});

test('creates nothing where no proxy would lead to it', async () => {
  const { code, err } = await caller.run(create(), { PORT: String(port) });
  expect([code, err]).toEqual([1, expect.stringContaining('npm start')]);
  expect(made()).toBeUndefined();
});

test('what Daytona refuses does not exist', async () => {
  const { code, error } = await caller.json(
    create('--command', 'true', '--name', rig.sandbox.name),
  );
  expect([code, error.statusCode, error.sandbox]).toEqual([1, 409, undefined]);
  expect(error.message).not.toContain('may exist');
});
