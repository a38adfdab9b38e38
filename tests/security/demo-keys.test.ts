/**
 * Attacker: another user of the machine on which somebody tries the demo, or a page in his browser
 * that has found a loopback port. Step: speaks to the ports behind the embedded Daytona's doors, or
 * with a key that is the same everywhere. Gain: commands in sandboxes, which run as processes of
 * the machine's own. Defence: each key is drawn at the start, and what runs commands wants one too.
 */
import type { Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startDemo } from '../../src/demo/demo.ts';
import { Sandboxes } from '../../src/demo/sandboxes.ts';
import { createSessionServer } from '../../src/demo/sessions/server.ts';
import { Sessions } from '../../src/demo/sessions/sessions.ts';
import { ask, openWebSocket } from '../support/client.ts';
import { closeServer, listen } from '../support/rig.ts';

const key = 'drawn-at-the-start';
let server: Server;
let port: number;
let sandboxes: Sandboxes;
let sessions: Sessions;

beforeAll(async () => {
  sandboxes = new Sandboxes();
  sessions = new Sessions(sandboxes, process.env.PATH ?? '');
  sandboxes.create({ id: 'demo' });
  server = createSessionServer(sandboxes, sessions, key);
  port = await listen(server);
});
afterAll(async () => {
  sessions.close();
  await closeServer(server);
});

test.each([
  ['no key', {}, 401],
  ['another key', { 'x-sessions-key': 'guessed' }, 401],
  ['the key', { 'x-sessions-key': key }, 200],
])('what runs commands answers who has %s', async (_name, headers, status) => {
  const path = '/demo/process/session';
  expect((await ask(port, { host: 'localhost', path, headers })).status).toBe(status);
});

test('nobody without the key follows a log, and no path ends the demo', async () => {
  const sandbox = sandboxes.byId('demo');
  if (!sandbox) throw new Error('no sandbox');
  sessions.create(sandbox, 's');
  const session = sessions.of(sandbox).get('s') ?? new Map();
  const { id } = sessions.run(sandbox, session, 'echo secret; sleep 60');
  const log = (name: string) => `/demo/process/session/${name}/command/${id}/logs`;
  const follow = (name: string, headers: Record<string, string> = {}) =>
    openWebSocket(port, 'localhost', log(name), headers);
  await expect(follow('s')).rejects.toThrow('404');
  await expect(follow('%E0%A4%A', { 'x-sessions-key': key })).rejects.toThrow('404');
  const following = await follow('s', { 'x-sessions-key': key });
  expect((await following.next()).data.toString()).toContain('secret');
  following.socket.terminate();
});

test('no key of the demo is known before it starts', async () => {
  const [one, other] = await Promise.all([startDemo(''), startDemo('')]);
  const keys = [one, other].flatMap(({ daytona }) => [daytona.apiKey, daytona.proxyKey]);
  expect(new Set(keys).size).toBe(4);
  for (const drawn of keys) expect(drawn).toMatch(/[0-9a-f]{32}$/);
  await Promise.all([one.close(), other.close()]);
});
