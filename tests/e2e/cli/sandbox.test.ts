import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import type { Sandbox } from '../../../src/demo/sandboxes.ts';
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

const adminToken = 'the-operator-of-this-very-proxy-1';
// Every command is a process, which on a busy machine takes seconds to begin.
jest.setTimeout(60_000);

let rig: Rig;
let caller: Caller;

beforeEach(async () => {
  rig = await startRig({
    app: (req, res) => {
      if (req.url === '/events') {
        res.setHeader('Content-Type', 'text/event-stream').write('data: now\n\n');
      } else res.end(`asked for ${req.url}`);
    },
    env: { PROXY_DOMAIN: 'proxy.localhost', ACCESS_MODE: 'private', ADMIN_TOKEN: adminToken },
    sandbox: { name: 'by-name', labels: { team: 'web' } },
  });
  new WebSocketServer({ server: rig.app, path: '/ws' });
  caller = makeCaller({ ...environmentOf(rig), ADMIN_TOKEN: adminToken });
});
afterEach(async () => {
  caller.remove();
  await rig.close();
});

const sandbox = (...args: string[]) => caller.run(['sandbox', ...args]);
const memory = () => existsSync(`${caller.folder}/.daytona-sandbox.json`);

/** Creates one that this folder then remembers. */
async function create(answer?: string) {
  const port = await freePort();
  const said = ['--port', String(port), '--command', serving(port, answer)];
  const { id, url } = await caller.json(['sandbox', 'create', ...said]);
  const host = new URL(url).host;
  const visit = () => {
    const headers = { 'x-daytona-preview-token': rig.daytona.sandboxes.byId(id)?.token };
    return ask(rig.proxy.port, { host, headers });
  };
  return { id: id as string, port, visit };
}

test('list shows every sandbox, or those of a label', async () => {
  const other = rig.daytona.sandboxes.create({ name: 'other', state: 'stopped' });
  const { code, out } = await sandbox('list');
  expect(code).toBe(0);
  expect(out).toMatch(new RegExp(`${rig.sandbox.id}  by-name  started  private  team=web\n`));
  expect(out).toMatch(new RegExp(`${other.id}  other    stopped  private\n`));
  const { sandboxes } = await caller.json(['sandbox', 'list', '--label', 'team=web']);
  expect(sandboxes).toMatchObject([{ id: rig.sandbox.id, state: 'started' }]);
});

test('test looks at all that is between here and the app', async () => {
  const paths = ['--path', '/a', '--events', '/events', '--websocket', '/ws'];
  const args = ['sandbox', 'test', 'by-name', '--port', '3000', ...paths];
  const { code, ok, checks } = await caller.json(args);
  expect([code, ok]).toEqual([0, true]);
  expect(checks).toMatchObject([
    { check: 'state', result: 'ok', detail: 'started' },
    { check: 'command', result: 'skipped' },
    { check: 'http', result: 'ok', detail: 'GET /a: 200, 12 bytes' },
    { check: 'events', result: 'ok', detail: 'first event of /events: 11 bytes' },
    { check: 'websocket', result: 'ok', detail: '/ws is open' },
  ]);
  for (const { check, ms } of checks.slice(1))
    expect([check, ms]).toEqual([check, expect.any(Number)]);
});

test('test says what has failed, each by itself', async () => {
  const paths = ['--events', '/a', '--websocket', '/b'];
  const { code, error } = await caller.json([
    'sandbox',
    'test',
    'by-name',
    '--port',
    '3000',
    ...paths,
  ]);
  expect([code, error.message]).toEqual([1, 'Failed: events, websocket.']);
  const silent = await sandbox('test', 'by-name', '--port', '3001');
  expect(silent.code).toBe(1);
  expect(silent.out).toMatch(/FAILED {2}http .*the proxy said PORT_NOT_LISTENING/);
  rig.daytona.sandboxes.stop(rig.sandbox);
  const stopped = await sandbox('test', 'by-name');
  expect([stopped.code, stopped.out]).toEqual([1, expect.stringContaining('FAILED  state')]);
});

test('test shows the command of the sandbox that was created last, with the end of its log', async () => {
  const { id } = await create();
  const { code, checks, id: tested } = await caller.json(['sandbox', 'test']);
  expect([code, tested]).toEqual([0, id]);
  expect(checks[1]).toMatchObject({
    check: 'command',
    result: 'ok',
    detail: expect.stringMatching(/^running: node -e/),
    log: expect.stringContaining('/'),
  });
});

test('logs shows what the command has written, and follows it', async () => {
  const { port, visit, id } = await create();
  expect((await visit()).body).toBe('from inside');
  const { code, out } = await sandbox('logs');
  expect([code, out]).toEqual([0, expect.stringMatching(/^asked for \/\n/)]);
  const shown = await caller.json(['sandbox', 'logs', id]);
  expect(shown).toMatchObject({ id, command: serving(port), stdout: out });
  const following = caller.start(['sandbox', 'logs', '--follow']);
  const read = caller.start(['sandbox', 'logs', '--follow', '--json']);
  expect(await eventually(() => following.out() === out)).toBe(true);
  await visit();
  expect(await eventually(() => following.out() === `${out}asked for /\n`)).toBe(true);
  const texts = () =>
    read
      .out()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).text);
  expect(await eventually(() => texts().join('') === following.out())).toBe(true);
  rig.daytona.sandboxes.stop(rig.daytona.sandboxes.byId(id) as Sandbox);
  expect((await following.ended).code).toBe(0);
  const nothing = await sandbox('logs', 'by-name');
  expect([nothing.code, nothing.err]).toEqual([1, expect.stringContaining('sandbox -- start')]);
});

test('url says the plain address, or one that opens by itself', async () => {
  const { id } = rig.sandbox;
  const plain = await sandbox('url', 'by-name', '3000');
  expect(plain.out).toBe(`http://3000-${id}.proxy.localhost:${rig.proxy.port}/\n`);
  const visit = async (address: string) => {
    const { host, pathname, search } = new URL(address);
    return (await ask(rig.proxy.port, { host, path: pathname + search })).status;
  };
  expect(await visit(plain.out)).toBe(401);
  expect(await visit((await sandbox('url', id, '3000', '--share', '1h')).out)).toBe(200);
  const signed = await caller.json(['sandbox', 'url', id, '3000', '--signed', '1h']);
  const { host } = new URL(signed.url);
  expect(host).toMatch(/^3000-\w{16}\./); // At Daytona's edge: only a platform's proxy knows its tokens.
  expect(await ask(rig.daytona.edgePort, { host })).toMatchObject({ body: 'asked for /' });
  expect(Date.parse(signed.expiresAt) - Date.now()).toBeGreaterThan(3_500_000);
  const both = await sandbox('url', id, '3000', '--signed', '1h', '--share', '1h');
  expect([both.code, both.out]).toEqual([2, '']);
  expect((await sandbox('url', id, '3000', '--signed', '2d')).code).toBe(2);
});

test('start runs again what stop has ended', async () => {
  const { id, visit } = await create('once more');
  expect(await sandbox('stop')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/is stopped/),
  });
  expect(rig.daytona.sandboxes.byId(id)?.state).toBe('stopped');
  const { code, state } = await caller.json(['sandbox', 'start']);
  expect([code, state]).toEqual([0, 'started']);
  expect((await visit()).body).toBe('once more');
});

test('delete asks first, and nothing but a yes is one', async () => {
  const { id } = await create();
  const gone = () => rig.daytona.sandboxes.byId(id) === undefined;
  for (const [answer, code] of [
    ['n\n', 1],
    ['', 2],
    ['\n', 1],
  ] as const) {
    const { err, ...refused } = await caller.run(['sandbox', 'delete'], {}, answer);
    expect([refused.code, gone()]).toEqual([code, false]);
    expect(err).toContain(id);
  }
  const { code } = await caller.run(['sandbox', 'delete'], {}, 'y\n');
  expect([code, gone(), memory()]).toEqual([0, true, false]);
});

test('delete takes all of a label, and no other', async () => {
  const web = rig.daytona.sandboxes.create({ labels: { team: 'web', for: 'me' } });
  const other = rig.daytona.sandboxes.create({ labels: { team: 'other' } });
  const by = (...labels: string[]) => [
    'sandbox',
    'delete',
    '--yes',
    ...labels.flatMap((label) => ['--all-labelled', label]),
  ];
  expect(await caller.json(by('team=web', 'for=me'))).toEqual({ code: 0, deleted: [web.id] });
  expect((await caller.json(by('team=web'))).deleted).toEqual([rig.sandbox.id]);
  expect((await caller.json(by('team=web'))).deleted).toEqual([]);
  expect(rig.daytona.sandboxes.list()).toEqual([other]);
});

test('deleting another sandbox does not forget the one that was created last', async () => {
  await create();
  const { code } = await sandbox('delete', 'by-name', '--yes');
  expect([code, memory()]).toEqual([0, true]);
  expect(await eventually(() => rig.daytona.sandboxes.find('by-name') === undefined)).toBe(true);
});
