import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { egressPassword } from '../../../src/egress/credentials.ts';
import { ask } from '../../support/client.ts';
import {
  type Caller,
  environmentOf,
  freePort,
  makeCaller,
  serving,
} from '../../support/command.ts';
import {
  type EgressRig,
  egressSecret,
  sandboxId,
  startEgressRig,
} from '../../support/egressRig.ts';
import { type Rig, startRig } from '../../support/rig.ts';
import { run } from '../../support/run.ts';

// Every command is a process, which on a busy machine takes seconds to begin.
jest.setTimeout(60_000);

let rig: Rig;
let way: EgressRig;
let caller: Caller;
let port: number;

beforeEach(async () => {
  rig = await startRig({ env: { PROXY_DOMAIN: 'proxy.localhost' } });
  way = await startEgressRig();
  const own = { EGRESS_URL: `http://127.0.0.1:${way.egress.port}`, EGRESS_SECRET: egressSecret };
  caller = makeCaller({ ...environmentOf(rig), ...own });
  port = await freePort();
});
afterEach(async () => {
  caller.remove();
  await way.close();
  await rig.close();
});

const made = () => rig.daytona.sandboxes.list().find(({ id }) => id !== rig.sandbox.id);
/** Asks the outside, and serves what it said. */
const asking = () =>
  `answer=$(curl -sS --cacert ${way.certificate.certPath} ${way.url()}); ${serving(port, '$answer')}`;
const create = (...args: string[]) => ['sandbox', 'create', '--port', String(port), ...args];

test('a sandbox that was created with --egress reaches the outside as itself, after a restart too', async () => {
  const answer = await caller.json(create('--egress', '--command', asking()));
  const id = made()?.id as string;
  expect(answer).toMatchObject({ code: 0, id, egress: true, command: asking() });
  const { host } = new URL(answer.url);
  expect((await ask(rig.proxy.port, { host })).body).toBe('from outside');
  expect((await caller.json(['sandbox', 'stop'])).code).toBe(0);
  expect((await caller.json(['sandbox', 'start'])).code).toBe(0);
  expect((await ask(rig.proxy.port, { host })).body).toBe('from outside');
  expect((await way.carried(2)).map(({ sandbox }) => sandbox)).toEqual([id, id]);
});

test('shows the password of the way out nowhere but where it is asked for', async () => {
  const { out, err } = await caller.run(create('--egress', '--command', asking()));
  const looked = await caller.run(['sandbox', 'test']);
  const logs = await caller.json(['sandbox', 'logs']);
  expect(logs.command).toBe(asking());
  const said = [out, err, looked.out, looked.err, JSON.stringify(logs)].join('\n');
  const kept = readFileSync(`${caller.folder}/.daytona-sandbox.json`, 'utf8');
  const password = egressPassword(egressSecret, made()?.id as string);
  expect(said).toContain(`egress -- credential ${made()?.id}`);
  expect([said.includes(password), kept.includes(password)]).toEqual([false, false]);
});

test('says that a variable is no wall, unless the network is one', async () => {
  const command = ['--egress', '--command', serving(port)];
  expect((await caller.run(create(...command))).err).toContain('--allow-network');
  await caller.run(['sandbox', 'delete', '--yes']);
  const wall = ['--allow-network', '203.0.113.7', '--allow-network', '10.0.0.0/8'];
  expect((await caller.run(create(...command, ...wall))).err).not.toContain('--allow-network');
  expect(made()?.networkAllowList).toBe('203.0.113.7/32,10.0.0.0/8');
});

test.each(['EGRESS_URL', 'EGRESS_SECRET'])('creates nothing without %s', async (name) => {
  const { code, err } = await caller.run(create('--egress'), { [name]: '' });
  expect([code, err]).toEqual([1, expect.stringContaining(`${name} is not set`)]);
  expect(made()).toBeUndefined();
});

test('gives a shell the way out of a sandbox, without asking Daytona', async () => {
  const offline = { DAYTONA_API_URL: 'http://127.0.0.1:1' };
  const { code, out } = await caller.run(['egress', 'credential', sandboxId], offline);
  expect(code).toBe(0);
  const { certPath } = way.certificate;
  const line = `${out.trim()}; curl -sS --cacert ${certPath} ${way.url()}`;
  expect((await run('sh', ['-c', line])).stdout).toBe('from outside');
  expect((await way.carried(1)).map(({ sandbox }) => sandbox)).toEqual([sandboxId]);
  const facts = await caller.json(['egress', 'credential', sandboxId], offline);
  expect(facts).toMatchObject({ user: sandboxId, url: way.proxyUrl() });
});

test('knows a name from an id', async () => {
  const { code, err } = await caller.run(['egress', 'credential', 'my_sandbox']);
  expect([code, err]).toEqual([2, expect.stringContaining('not a sandbox’s id')]);
});
