import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { type Caller, environmentOf, freePort, makeCaller } from '../support/command.ts';
import { openCodeProgram } from '../support/openCode.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
let caller: Caller;
let path: string;

beforeAll(async () => {
  rig = await startRig({ env: { PROXY_DOMAIN: 'proxy.localhost' } });
  caller = makeCaller(environmentOf(rig));
  path = [dirname(openCodeProgram()), dirname(process.execPath), '/usr/bin', '/bin'].join(':');
}, 300_000);
afterAll(async () => {
  caller?.remove();
  await rig?.close();
});

test('from nothing to a real OpenCode with an address, and back to nothing', async () => {
  const port = await freePort();
  const options = ['--port', String(port), '--env', `PATH=${path}`];
  const { code, id, url, command } = await caller.json(['sandbox', 'create', ...options]);
  expect([code, command]).toEqual([0, `opencode serve --port ${port} --hostname 0.0.0.0`]);
  const health = { host: new URL(url).host, path: '/global/health' };
  expect((await ask(rig.proxy.port, health)).body).toContain('"healthy":true');

  const { ok, checks } = await caller.json(['sandbox', 'test']);
  expect(checks.map(({ check, result }: Record<string, string>) => [check, result])).toEqual([
    ['state', 'ok'],
    ['command', 'ok'],
    ['http', 'ok'],
    ['events', 'ok'],
    ['websocket', 'ok'],
  ]);
  expect(ok).toBe(true);
  const { output } = await caller.json(['sandbox', 'logs', id]);
  expect(output).toContain(`:${port}`);

  expect((await caller.json(['sandbox', 'delete', '--yes'])).deleted).toEqual([id]);
  expect((await ask(rig.proxy.port, health)).status).not.toBe(200);
  expect(existsSync(`${caller.folder}/.daytona-sandbox.json`)).toBe(false);
}, 180_000);
