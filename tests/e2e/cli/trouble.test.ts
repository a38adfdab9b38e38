import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http, { type RequestListener } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import {
  type Caller,
  environmentOf,
  freePort,
  makeCaller,
  serving,
} from '../../support/command.ts';
import { closeServer, listen, type Rig, startRig } from '../../support/rig.ts';

// Every command is a process, which on a busy machine takes seconds to begin.
jest.setTimeout(60_000);

const main = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));
let rig: Rig;
let caller: Caller;
let front: http.Server | undefined;
/** How much the app has sent where its answer has no end. */
let sent: number;

function sendEndlessly(res: http.ServerResponse): void {
  const chunk = Buffer.alloc(65_536);
  const more = () => {
    do sent += chunk.length;
    while (!res.destroyed && res.write(chunk));
  };
  res.on('drain', more);
  more();
}

beforeEach(async () => {
  sent = 0;
  rig = await startRig({
    app: (req, res) => void (req.url === '/global/health' ? sendEndlessly(res) : res.end('short')),
    env: { PROXY_DOMAIN: 'proxy.localhost' },
  });
  caller = makeCaller(environmentOf(rig));
});
afterEach(async () => {
  caller.remove();
  if (front) await closeServer(front);
  front = undefined;
  await rig.close();
});

const sandbox = (...args: string[]) => caller.run(['sandbox', ...args]);
const ids = () => rig.daytona.sandboxes.list().map(({ id }) => id);

/** Puts a server in front of the API, which answers some calls itself or changes their path. */
async function inFront(intercept: (...given: Parameters<RequestListener>) => unknown) {
  const { origin } = new URL(rig.daytona.apiUrl);
  front = http.createServer((req, res) => {
    intercept(req, res);
    if (res.writableEnded) return;
    const { method, headers } = req;
    const onward = http.request(origin + req.url, { method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(res);
    });
    req.pipe(onward);
  });
  return { DAYTONA_API_URL: `http://127.0.0.1:${await listen(front)}/api` };
}

test.each([
  ['nothing, as an empty variable leaves it', ''],
  ['a dot', '.'],
  ['two dots', '..'],
])('%s is no sandbox, and not the path of another call', async (_name, said) => {
  for (const args of [
    ['delete', said, '--yes'],
    ['test', said],
    ['url', said, '3000'],
  ]) {
    const { code, out, err } = await sandbox(...args);
    expect([code, out, err]).toEqual([2, '', `"${said}" is no sandbox. Say its id or name.\n`]);
  }
});

test.each(['--path', '--events', '--websocket'])(
  '%s takes a path, and nothing that would go on with the host',
  async (option) => {
    const { code, err } = await sandbox('test', rig.sandbox.id, option, '@evil.test/');
    expect([code, err]).toEqual([2, expect.stringContaining('A path begins with "/"')]);
  },
);

test('a sandbox that cannot be deleted keeps nothing from the others', async () => {
  const doomed = [1, 2, 3].map(() => rig.daytona.sandboxes.create({ labels: { run: 'x' } }).id);
  const env = await inFront(({ method, url }, res) => {
    if (method !== 'DELETE' || !url?.includes(doomed[0] ?? '')) return;
    res.writeHead(409, { 'Content-Type': 'application/json' });
    res.end('{"statusCode":409,"message":"Sandbox state change in progress"}');
  });
  const args = ['sandbox', 'delete', '--all-labelled', 'run=x', '--yes'];
  const { code, error } = await caller.json(args, env);
  expect([code, error.deleted]).toEqual([1, doomed.slice(1)]);
  expect(error.failed).toMatchObject([{ id: doomed[0], reason: expect.stringMatching('409|way') }]);
  expect(error.message).toContain(doomed[0]);
  expect(ids()).toEqual([rig.sandbox.id, doomed[0]]);
});

test('delete takes none without the label, even if Daytona overlooks what it was asked', async () => {
  const doomed = rig.daytona.sandboxes.create({ labels: { run: 'x' } });
  const env = await inFront((req) => {
    req.url = req.url?.replace(/labels=[^&]*/, '');
  });
  const args = ['sandbox', 'delete', '--all-labelled', 'run=x', '--yes'];
  expect((await caller.json(args, env)).deleted).toEqual([doomed.id]);
  expect(ids()).toEqual([rig.sandbox.id]);
});

test('of a page in the place of Daytona’s answer the words are told', async () => {
  const env = await inFront((_req, res) => {
    res.writeHead(502, { 'Content-Type': 'text/html' });
    res.end(
      '<html><head><style>a { }</style></head>\n<body><h1>502 Bad Gateway</h1></body></html>',
    );
  });
  const { code, err } = await caller.run(['sandbox', 'list'], env);
  expect([code, err]).toEqual([1, 'Daytona said 502: 502 Bad Gateway\n']);
});

test('with --json, who says nothing is told so in words', async () => {
  const { code, error } = await caller.json(['sandbox']);
  expect([code, error.message]).toEqual([2, 'Say what to do.']);
});

test('with --json, the error of a question that nobody answers is one line', async () => {
  const { code, error } = await caller.json(['sandbox', 'delete', rig.sandbox.id]);
  expect([code, error.message]).toEqual([2, expect.stringMatching(/^Nobody answers\. .*/)]);
});

test('logs of a sandbox that is stopped says how it is started', async () => {
  rig.daytona.sandboxes.stop(rig.sandbox);
  const { code, err } = await sandbox('logs', rig.sandbox.id);
  expect([code, err]).toEqual([1, expect.stringContaining(`-- start ${rig.sandbox.id}`)]);
});

/** Runs a command line whose output is read by a shell that closes it after the first line. */
async function readOnce(redirected: string, args: readonly string[]) {
  const line = `"$0" "$@" ${redirected}| head -1; echo "\${PIPESTATUS[0]}"`;
  const child = spawn('bash', ['--norc', '-c', line, process.execPath, main, 'sandbox', ...args], {
    cwd: caller.folder,
    env: { PATH: process.env.PATH, ...environmentOf(rig) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
    });
  await once(child, 'close');
  return said;
}

test('whoever reads the first line alone of a log that goes on ends it without a stack', async () => {
  const port = await freePort();
  const command = `while :; do echo again; sleep 0.1; done & ${serving(port)}`;
  await sandbox('create', '--port', String(port), '--command', command);
  expect(await readOnce('', ['logs', '--follow'])).toBe('again\n1\n');
});

test('a creation goes on when nobody reads its progress', async () => {
  const port = await freePort();
  const create = ['create', '--port', String(port), '--command', serving(port), '--name', 'mine'];
  const said = await readOnce('2>&1 >/dev/null ', create);
  expect(said).toMatch(/^Creating mine .*\n0\n$/);
});

test.each(['--image', '--snapshot', '--name', '--command'])(
  'create makes nothing with %s empty, as an empty variable leaves it',
  async (option) => {
    const { code, out, err } = await sandbox('create', option, '');
    expect([code, out, err]).toEqual([2, '', `${option} is empty.\n`]);
    expect(ids()).toEqual([rig.sandbox.id]);
  },
);

test('create takes variables that are named alone from its own environment', async () => {
  const port = await freePort();
  const env = { API_TOKEN: 'a=secret' };
  const args = ['--port', String(port), '--env', 'API_TOKEN', '--env', 'COLOUR=blue'];
  const command = ['--command', serving(port)];
  const { id } = await caller.json(['sandbox', 'create', ...args, ...command], env);
  expect(rig.daytona.sandboxes.byId(id)?.env).toEqual({ ...env, COLOUR: 'blue' });
  const { code, err } = await sandbox('create', '--env', 'NOT_SET_ANYWHERE');
  expect([code, err]).toEqual([2, expect.stringContaining('NOT_SET_ANYWHERE is not set here')]);
});

test('test does not read on where an app’s answer has no end', async () => {
  const { code, checks } = await caller.json(['sandbox', 'test', rig.sandbox.id, '--port', '3000']);
  expect([code, checks.at(2).detail]).toEqual([0, 'GET /: 200, 5 bytes']);
  expect(sent).toBeLessThan(64 * 1_048_576);
});
