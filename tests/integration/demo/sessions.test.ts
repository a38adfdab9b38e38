import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { Daytona, type Sandbox } from '@daytonaio/sdk';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type EmbeddedDaytona, startDaytona } from '../../../src/demo/daytona.ts';
import { ask, openWebSocket } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';

let daytona: EmbeddedDaytona;
let sdk: Daytona;

beforeEach(async () => {
  daytona = await startDaytona();
  const { apiKey, apiUrl } = daytona;
  sdk = new Daytona({ apiKey, apiUrl, requestTimeoutMs: 10_000, useDeprecatedPolling: true });
});
afterEach(() => daytona.close());

/** Runs a command to its end. */
async function run(sandbox: Sandbox, command: string) {
  return sandbox.process.executeSessionCommand('s', { command });
}

/** Begins one that tells its process id, and gives that. */
async function begin(sandbox: Sandbox, command: string): Promise<number> {
  const { cmdId } = await sandbox.process.executeSessionCommand('s', {
    command: `echo $$; ${command}`,
    runAsync: true,
  });
  let said = '';
  await eventually(async () => {
    said = (await sandbox.process.getSessionCommandLogs('s', cmdId)).stdout ?? '';
    return said !== '';
  });
  return Number(said);
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

test('a sandbox is made as it was asked for', async () => {
  const made = await sdk.create({
    image: 'debian:12',
    name: 'mine',
    public: true,
    labels: { team: 'web' },
    envVars: { COLOUR: 'blue' },
    resources: { cpu: 2, memory: 4, disk: 8 },
    autoStopInterval: 30,
    domainAllowList: 'example.com',
  });
  expect(made).toMatchObject({ name: 'mine', public: true, cpu: 2, memory: 4, disk: 8 });
  expect(made).toMatchObject({ state: 'started', autoStopInterval: 30, env: { COLOUR: 'blue' } });
  expect(daytona.sandboxes.byId(made.id)).toMatchObject({
    source: 'debian:12',
    domainAllowList: 'example.com',
    labels: { team: 'web' },
  });
});

test('a name is given once, and resources to an image alone', async () => {
  await sdk.create({ name: 'mine' });
  await expect(sdk.create({ name: 'mine' })).rejects.toMatchObject({ statusCode: 409 });
  const sized = { snapshot: 'small', resources: { cpu: 2 } };
  await expect(sdk.create(sized)).rejects.toMatchObject({ statusCode: 400 });
});

test('sandboxes are listed by their labels', async () => {
  const made = await sdk.create({ labels: { team: 'web' } });
  await sdk.create({ labels: { team: 'other' } });
  const ids: string[] = [];
  for await (const { id } of sdk.list({ labels: { team: 'web' } })) ids.push(id);
  expect(ids).toEqual([made.id]);
});

test('a session’s commands run, with the sandbox’s variables and a home of their own', async () => {
  const sandbox = await sdk.create({ envVars: { COLOUR: 'blue' } });
  await sandbox.process.createSession('s');
  const ran = await run(sandbox, 'echo $COLOUR; echo no >&2; pwd > where; cat where; exit 3');
  expect(ran).toMatchObject({ exitCode: 3, stderr: 'no\n' });
  const [colour, folder = ''] = ran.stdout?.split('\n') ?? [];
  expect(colour).toBe('blue');
  expect(folder).not.toBe(process.cwd());
  expect((await run(sandbox, 'echo $HOME')).stdout).toBe(`${folder}\n`);
  const { commands } = await sandbox.process.getSession('s');
  expect(commands?.map(({ exitCode }) => exitCode)).toEqual([3, 0]);
  await sandbox.delete();
  expect(existsSync(folder)).toBe(false);
});

test.each(['a/b', '../../outside'])(
  'a sandbox named %s keeps its files in a folder of its own',
  async (name) => {
    const sandbox = await sdk.create({ name });
    await sandbox.process.createSession('s');
    const folder = (await run(sandbox, 'pwd')).stdout?.trim() ?? '';
    expect(dirname(folder)).toBe(realpathSync(tmpdir()));
  },
);

test('what runs in the background answers behind the edge, and its log is followed to its end', async () => {
  const sandbox = await sdk.create({ public: true });
  await sandbox.process.createSession('s');
  const app = `
    const server = require('node:http').createServer((req, res) => {
      console.error('asked for', req.url);
      res.end('from inside');
      if (req.url === '/end') setTimeout(() => process.exit(5), 50);
    });
    server.listen(0, '127.0.0.1', () => console.log('port', server.address().port));`;
  const { cmdId } = await sandbox.process.executeSessionCommand('s', {
    command: `node -e "${app.replaceAll('\n', ' ')}"`,
    runAsync: true,
  });
  const said = { out: '', err: '' };
  const followed = sandbox.process.getSessionCommandLogs(
    's',
    cmdId,
    (text) => {
      said.out += text;
    },
    (text) => {
      said.err += text;
    },
  );
  expect(await eventually(() => /port \d+\n/.test(said.out))).toBe(true);
  const port = /\d+/.exec(said.out)?.[0];
  const host = `${port}-${sandbox.id}.${daytona.domain}`;
  expect((await ask(daytona.edgePort, { host, path: '/end' })).body).toBe('from inside');
  await followed;
  expect(said.err).toBe('asked for /end\n');
  expect(await sandbox.process.getSessionCommand('s', cmdId)).toMatchObject({ exitCode: 5 });
});

test.each([
  ['the sandbox’s stop', (sandbox: Sandbox) => sandbox.stop()],
  ['its deletion', (sandbox: Sandbox) => sandbox.delete()],
  ['the session’s deletion', (sandbox: Sandbox) => sandbox.process.deleteSession('s')],
  ['the end of Daytona', () => daytona.close()],
])('commands end with %s', async (_name, end) => {
  const sandbox = await sdk.create();
  await sandbox.process.createSession('s');
  const pid = await begin(sandbox, 'sleep 1000');
  expect(isAlive(pid)).toBe(true);
  await end(sandbox);
  expect(await eventually(() => !isAlive(pid))).toBe(true);
});

test('the toolbox is for the holder of the key, and for started sandboxes', async () => {
  const sandbox = await sdk.create();
  const path = `/toolbox/${sandbox.id}/process/session`;
  const host = `127.0.0.1:${daytona.edgePort}`;
  const statusOf = async (authorization: string) => {
    return (await ask(daytona.edgePort, { host, path, headers: { authorization } })).status;
  };
  expect(await statusOf(`Bearer ${daytona.apiKey}`)).toBe(200);
  expect(await statusOf('Bearer another')).toBe(401);
  const log = `${path}/s/command/c/logs?follow=true`;
  await expect(openWebSocket(daytona.edgePort, host, log)).rejects.toThrow('401');
  await sandbox.stop();
  expect(await statusOf(`Bearer ${daytona.apiKey}`)).toBe(400);
});

test('a runner leads to its sandboxes’ sessions too', async () => {
  const sandbox = await sdk.create();
  await sandbox.process.createSession('s');
  const [runner] = daytona.runners.all;
  const { body } = await ask(runner?.port ?? 0, {
    host: 'runner.test',
    path: `/sandboxes/${sandbox.id}/toolbox/process/session/s`,
    headers: { 'X-Daytona-Authorization': `Bearer ${runner?.apiKey}` },
  });
  expect(JSON.parse(body)).toEqual({ sessionId: 's', commands: [] });
});
