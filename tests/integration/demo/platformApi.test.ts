import {
  Configuration,
  PreviewApi,
  RunnersApi,
  SandboxApi,
  SnapshotsApi,
} from '@daytona/api-client';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type EmbeddedDaytona, startDaytona } from '../../../src/demo/daytona.ts';
import type { Runner } from '../../../src/demo/runner.ts';
import type { Sandbox } from '../../../src/demo/sandboxes.ts';

let daytona: EmbeddedDaytona;
let sandbox: Sandbox;
let runner: Runner;

beforeEach(async () => {
  daytona = await startDaytona({
    people: {
      issuer: 'https://login.test',
      clientId: 'daytona',
      mayAccess: async (token, id) => token === `token of ${id}`,
    },
  });
  sandbox = daytona.sandboxes.create({ name: 'by-name' });
  [runner] = daytona.runners.all as [Runner];
});
afterEach(() => daytona.close());

/** Daytona's own clients, with a key. */
function apiOf(key: string) {
  const headers = { Authorization: `Bearer ${key}` };
  const configuration = new Configuration({
    basePath: daytona.apiUrl,
    baseOptions: { headers, validateStatus: () => true },
  });
  return {
    previews: new PreviewApi(configuration),
    runners: new RunnersApi(configuration),
    sandboxes: new SandboxApi(configuration),
    snapshots: new SnapshotsApi(configuration),
  };
}
const proxy = () => apiOf(daytona.proxyKey);
const statusAndBody = async (call: Promise<{ status: number; data: unknown }>) => {
  const { status, data } = await call;
  return [status, data];
};
const statusOf = async (call: Promise<{ status: number }>) => (await call).status;

/** Every call that is the proxy key's alone. */
const platformOnly = ({ previews, runners }: ReturnType<typeof apiOf>) => [
  previews.isSandboxPublic(sandbox.id),
  previews.isValidAuthToken(sandbox.id, sandbox.token),
  previews.getSandboxIdFromSignedPreviewUrlToken(daytona.sandboxes.sign(sandbox, 3000, 60), 3000),
  runners.getRunnerBySandboxId(sandbox.id),
  runners.getRunnerFullById(runner.id),
  runners.getRunnersBySnapshotRef(daytona.builds.create().snapshotRef),
];

describe('with the key of a platform’s proxy', () => {
  test('the API says whether a sandbox is public, by its id', async () => {
    const { previews } = proxy();
    expect(await statusOf(previews.isSandboxPublic(sandbox.id))).toBe(404);
    sandbox.public = true;
    expect(await statusAndBody(previews.isSandboxPublic(sandbox.id))).toEqual([200, true]);
    expect(await statusOf(previews.isSandboxPublic('by-name'))).toBe(404);
  });

  test('the API says whether a token opens a sandbox', async () => {
    const { previews } = proxy();
    const other = daytona.sandboxes.create();
    const signed = daytona.sandboxes.sign(sandbox, 3000, 60);
    const old = daytona.sandboxes.sign(sandbox, 3000, -1);
    const asked = [sandbox.token, signed, old, other.token, 'wrong'].map((token) =>
      statusOf(previews.isValidAuthToken(sandbox.id, token)),
    );
    expect(await Promise.all(asked)).toEqual([200, 200, 404, 404, 404]);
    expect(await statusOf(previews.isValidAuthToken(other.id, signed))).toBe(404);
    expect(await statusAndBody(previews.isValidAuthToken(sandbox.id, signed))).toEqual([200, true]);
  });

  test('the API gives the sandbox of a signed token, for its port', async () => {
    const { previews } = proxy();
    const signed = daytona.sandboxes.sign(sandbox, 3000, 60);
    const idOf = (port: number) => previews.getSandboxIdFromSignedPreviewUrlToken(signed, port);
    const { status, data, headers } = await idOf(3000);
    expect([status, data]).toEqual([200, sandbox.id]);
    expect(String(headers['content-type'])).toMatch(/^text\/plain/);
    expect(await statusOf(idOf(3001))).toBe(404);
    daytona.sandboxes.expire(signed);
    expect(await statusOf(idOf(3000))).toBe(404);
  });

  test('the API gives the runner of a sandbox, whole, and follows it when it moves', async () => {
    const { runners } = proxy();
    const found = (await runners.getRunnerBySandboxId(sandbox.id)).data;
    const { id, proxyUrl, apiKey } = runner;
    expect(found).toMatchObject({ id, proxyUrl, apiKey, state: 'ready', region: 'local' });
    expect((await runners.getRunnerFullById(id)).data).toMatchObject({ id, proxyUrl, apiKey });
    const other = await daytona.runners.add();
    sandbox.runner = 1;
    expect((await runners.getRunnerBySandboxId(sandbox.id)).data.id).toBe(other.id);
    other.renewKey();
    await other.stop();
    await other.start();
    expect((await runners.getRunnerBySandboxId(sandbox.id)).data).toMatchObject({
      proxyUrl: other.proxyUrl,
      apiKey: other.apiKey,
    });
  });

  test('the API knows no runner of what is unknown or archived', async () => {
    const { runners } = proxy();
    const of = (id: string) => statusOf(runners.getRunnerBySandboxId(id));
    expect(await Promise.all([of('nobody'), of('by-name')])).toEqual([404, 404]);
    for (const state of ['archived', 'archiving']) {
      sandbox.state = state;
      expect(await of(sandbox.id)).toBe(404);
    }
    sandbox.state = 'stopped';
    expect(await of(sandbox.id)).toBe(200);
    expect(await statusOf(runners.getRunnerFullById('none'))).toBe(404);
  });

  test('the API says which runner has built a snapshot', async () => {
    const { runners } = proxy();
    const other = await daytona.runners.add();
    const { snapshotRef } = daytona.builds.create({ runner: 1 });
    expect((await runners.getRunnersBySnapshotRef(snapshotRef)).data).toEqual([
      { runnerSnapshotId: expect.any(String), runnerId: other.id },
    ]);
    expect((await runners.getRunnersBySnapshotRef('none')).data).toEqual([]);
  });

  test('activity is noted', async () => {
    sandbox.lastActivityAt = 'long ago';
    const { sandboxes } = proxy();
    expect(await statusOf(sandboxes.updateLastActivity(sandbox.id))).toBe(201);
    expect(Date.parse(sandbox.lastActivityAt)).toBeGreaterThan(0);
    expect(await statusOf(sandboxes.updateLastActivity('nobody'))).toBe(404);
  });

  test('everything else is refused', async () => {
    const { sandboxes, snapshots, previews, runners } = proxy();
    const { id } = sandbox;
    const refused = [
      sandboxes.getSandbox(id),
      sandboxes.startSandbox(id),
      sandboxes.getPortPreviewUrl(id, 3000),
      sandboxes.deleteSandbox(id),
      snapshots.getSnapshot(daytona.builds.create().id),
      previews.hasSandboxAccess(id),
      runners.listRunners(),
    ].map(statusOf);
    expect(await Promise.all(refused)).toEqual(refused.map(() => 403));
    expect(daytona.sandboxes.byId(id)).toBe(sandbox);
  });

  test('the API answers with its faults', async () => {
    daytona.faults.apiStatus = 503;
    const refused = platformOnly(proxy()).map(statusOf);
    expect(await Promise.all(refused)).toEqual(refused.map(() => 503));
  });
});

describe('without it', () => {
  test.each([
    [403, 'the organization’s key', () => daytona.apiKey],
    [401, 'no known key', () => 'wrong'],
  ])('those calls are answered %i, with %s', async (status, _what, key) => {
    const refused = platformOnly(apiOf(key())).map(statusOf);
    expect(await Promise.all(refused)).toEqual(refused.map(() => status));
  });

  test('and with it they are all answered 200', async () => {
    sandbox.public = true;
    const answered = platformOnly(proxy()).map(statusOf);
    expect(await Promise.all(answered)).toEqual(answered.map(() => 200));
  });
});

describe('how something was built', () => {
  test('is shown to the organization', async () => {
    const { sandboxes, snapshots } = apiOf(daytona.apiKey);
    const build = daytona.builds.create({ snapshotRef: 'ref:1' });
    const built = daytona.sandboxes.create({ snapshotRef: build.snapshotRef });
    const buildInfo = { snapshotRef: 'ref:1', createdAt: expect.any(String) };
    expect((await sandboxes.getSandbox(built.id)).data).toMatchObject({ buildInfo });
    expect((await sandboxes.getSandbox(sandbox.id)).data.buildInfo).toBeUndefined();
    const snapshot = () => snapshots.getSnapshot(build.id);
    expect((await snapshot()).data).toMatchObject({ id: build.id, state: 'building', buildInfo });
    build.finish();
    expect((await snapshot()).data.state).toBe('active');
    expect(await statusOf(snapshots.getSnapshot('none'))).toBe(404);
  });

  test('is shown to who may access it, by an access token', async () => {
    const build = daytona.builds.create({ snapshotRef: 'ref:1' });
    const built = daytona.sandboxes.create({ snapshotRef: build.snapshotRef });
    const buildInfo = { snapshotRef: 'ref:1' };
    const ofSandbox = apiOf(`token of ${built.id}`);
    const ofBuild = apiOf(`token of ${build.id}`);
    expect((await ofSandbox.sandboxes.getSandbox(built.id)).data).toMatchObject({ buildInfo });
    expect((await ofBuild.snapshots.getSnapshot(build.id)).data).toMatchObject({ buildInfo });
    expect(await statusOf(ofBuild.sandboxes.getSandbox(built.id))).toBe(404);
    expect(await statusOf(ofSandbox.snapshots.getSnapshot(build.id))).toBe(404);
  });
});
