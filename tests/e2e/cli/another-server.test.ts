import http from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { type Caller, environmentOf, makeCaller } from '../../support/command.ts';
import { closeServer, listen, type Rig, startRig } from '../../support/rig.ts';

// Every command is a process, which on a busy machine takes seconds to begin.
jest.setTimeout(60_000);

let rig: Rig;
let caller: Caller;
let other: http.Server;
let asked: http.IncomingMessage[];
let PORT: string;

beforeAll(async () => {
  rig = await startRig({ env: { PROXY_DOMAIN: 'proxy.localhost' } });
  caller = makeCaller({ ...environmentOf(rig), ADMIN_TOKEN: 'the-operator-of-this-very-proxy-1' });
});
afterAll(async () => {
  caller.remove();
  await rig.close();
});
beforeEach(async () => {
  asked = [];
  other = http.createServer((req, res) => {
    asked.push(req);
    res.setHeader('Content-Type', 'text/html').end('<!doctype html>A dev server');
  });
  PORT = String(await listen(other));
});
afterEach(() => closeServer(other));

const secrets = () => asked.flatMap(({ headers }) => JSON.stringify(headers).match(/Bearer|token/));

test('create makes nothing where another server has the port of the proxy', async () => {
  const before = rig.daytona.sandboxes.list().length;
  const args = ['sandbox', 'create', '--command', 'sleep 60', '--wait', '2s'];
  const { code, out, err } = await caller.run(args, { PORT });
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(/is no daytona-proxy.*set PORT/);
  expect(rig.daytona.sandboxes.list()).toHaveLength(before);
});

test('test takes the answers of another server for no app’s, and sends it no credential', async () => {
  const { code, error } = await caller.json(['sandbox', 'test', rig.sandbox.id], { PORT });
  expect([code, error.message]).toEqual([1, 'Failed: proxy.']);
  expect(error.checks.at(-1).detail).toContain('is no daytona-proxy');
  expect(asked).toHaveLength(1);
  expect(secrets()).toEqual([null]);
});

test('share sends ADMIN_TOKEN to no other server', async () => {
  const { code, out, err } = await caller.run(['share', rig.sandbox.id, '3000'], { PORT });
  expect([code, out]).toEqual([1, '']);
  expect(err).toContain('is no daytona-proxy');
  expect(err).not.toMatch(/^\s+at /m);
  expect(secrets()).toEqual([null]);
});

test('share does not wait for ever for a server that is silent', async () => {
  other.removeAllListeners('request');
  const { code, err } = await caller.run(['share', rig.sandbox.id, '3000'], { PORT });
  expect([code, err]).toEqual([1, expect.stringContaining('did not answer in time')]);
});
