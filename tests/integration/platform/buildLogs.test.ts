import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Build } from '../../../src/demo/builds.ts';
import { ask, open } from '../../support/client.ts';
import { domain, type Rig, startRig } from '../../support/rig.ts';

let rig: Rig;
let build: Build;

beforeAll(async () => {
  rig = await startRig({ platform: true, sandbox: { public: true, snapshotRef: 'daytona-abc:1' } });
  build = rig.daytona.builds.create({ snapshotRef: 'daytona-abc:1', lines: ['step 1', 'step 2'] });
});
afterAll(() => rig.close());

const owner = () => ({ authorization: `Bearer ${rig.daytona.apiKey}` });
const logs = (path: string, headers: Record<string, string> = owner()) =>
  ask(rig.proxy.port, { host: domain, path, headers });

test('the log of a snapshot’s build is its runner’s', async () => {
  const { status, body } = await logs(`/snapshots/${build.id}/build-logs`);
  expect([status, body]).toEqual([200, 'step 1\nstep 2\n']);
});

test('so is that of a sandbox', async () => {
  const { status, body } = await logs(`/sandboxes/${rig.sandbox.id}/build-logs`);
  expect([status, body]).toEqual([200, 'step 1\nstep 2\n']);
});

test('that a runner tells of a build makes it no port of the sandbox', async () => {
  await logs(`/sandboxes/${rig.sandbox.id}/build-logs`);
  await ask(rig.proxy.port, { host: rig.host() });
  const headers = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
  const { status, body } = await ask(rig.proxy.port, { host: rig.host(9999), headers });
  expect([status, body.includes(`3000-${rig.sandbox.id}`)]).toEqual([502, true]);
  expect(body).not.toContain(`/0-${rig.sandbox.id}`);
});

test('followed, it comes line by line until the build is over', async () => {
  const path = `/snapshots/${build.id}/build-logs?follow=true`;
  const answer = await open(rig.proxy.port, { host: domain, path, headers: owner() });
  answer.setEncoding('utf8');
  let text = '';
  const until = async (end: string) => {
    while (!text.endsWith(end)) {
      const { value, done } = await pieces.next();
      if (done) return;
      text += value;
    }
  };
  const pieces = answer[Symbol.asyncIterator]();
  await until('step 2\n');
  build.write('step 3');
  await until('step 3\n');
  build.finish();
  expect((await pieces.next()).done).toBe(true);
});

test.each([
  ['nobody', {}, 401, 'LOGIN_REQUIRED'],
  ['who has another key', { authorization: 'Bearer wrong' }, 404, 'SANDBOX_NOT_FOUND'],
])('%s is told nothing', async (_who, headers, status, code) => {
  for (const path of [
    `/snapshots/${build.id}/build-logs`,
    `/sandboxes/${rig.sandbox.id}/build-logs`,
  ]) {
    const answer = await logs(path, headers as Record<string, string>);
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([status, code]);
  }
});

test.each([
  '/snapshots/none/build-logs',
  '/sandboxes/..%2fx/build-logs',
  '/sandboxes/none/build-logs',
])('%s is not there', async (path) => {
  expect((await logs(path)).status).toBe(404);
});

test('the runner hears nothing of the visitor’s key', async () => {
  const [runner] = rig.daytona.runners.all;
  const heard = new Promise<unknown>((resolve) =>
    runner?.once('request', (req) => resolve(req.headers)),
  );
  await logs(`/snapshots/${build.id}/build-logs`);
  expect(await heard).not.toHaveProperty('authorization');
});

test('the dashboard may read it from another origin', async () => {
  const path = `/snapshots/${build.id}/build-logs`;
  const origin = 'https://dashboard.test';
  const wanted = {
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'authorization',
  };
  const headers = { origin, ...wanted };
  const first = await ask(rig.proxy.port, { host: domain, path, method: 'OPTIONS', headers });
  expect([first.status, first.headers['access-control-allow-headers']]).toEqual([
    204,
    'authorization',
  ]);
  for (const answer of [first, await logs(path, { ...owner(), origin })]) {
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
  }
});

test('a sandbox that was not built has none, and that is no failure of Daytona’s', async () => {
  const { id } = rig.daytona.sandboxes.create();
  const answer = await logs(`/sandboxes/${id}/build-logs`);
  expect([answer.status, answer.headers['x-proxy-error']]).toEqual([404, 'SANDBOX_NOT_FOUND']);
  expect(rig.logs().filter(({ event }) => event === 'daytona.failed')).toEqual([]);
});
