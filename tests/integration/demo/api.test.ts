import { Daytona } from '@daytonaio/sdk';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EmbeddedDaytona, startDaytona } from '../../../src/demo/daytona.ts';
import type { Sandbox } from '../../../src/demo/sandboxes.ts';

let daytona: EmbeddedDaytona;
let made: Sandbox;
let sdk: Daytona;

beforeAll(async () => {
  daytona = await startDaytona();
  made = daytona.sandboxes.create({ name: 'by-name', labels: { team: 'a' } });
  const { apiKey, apiUrl } = daytona;
  sdk = new Daytona({ apiKey, apiUrl, requestTimeoutMs: 5000, useDeprecatedPolling: true });
});
afterAll(() => daytona.close());

describe('the embedded Daytona, spoken to by the real SDK', () => {
  test('gives a sandbox by id and by name', async () => {
    const byId = await sdk.get(made.id);
    expect(byId).toMatchObject({ id: made.id, state: 'started', public: false });
    expect(byId.labels).toEqual({ team: 'a' });
    expect((await sdk.get('by-name')).id).toBe(made.id);
  });

  test('lists its sandboxes', async () => {
    const ids: string[] = [];
    for await (const { id } of sdk.list()) ids.push(id);
    expect(ids).toEqual([made.id]);
  });

  test('gives the preview link of any port, with one token for all', async () => {
    const sandbox = await sdk.get(made.id);
    const link = await sandbox.getPreviewLink(3000);
    expect(link.token).toBe(made.token);
    expect(link.url).toBe(`http://3000-${made.id}.preview.localhost:${daytona.edgePort}`);
  });

  test('renews the token when a sandbox is started', async () => {
    const sandbox = await sdk.get(made.id);
    const before = made.token;
    await sandbox.stop();
    expect(made.state).toBe('stopped');
    await sandbox.start();
    expect(made.state).toBe('started');
    expect(made.token).not.toBe(before);
  });

  test('signs preview links', async () => {
    const { token, url } = await (await sdk.get(made.id)).getSignedPreviewUrl(3000, 60);
    expect(token).toMatch(/^\w{16}$/);
    expect(url).toContain(`//3000-${token}.`);
  });

  test('refuses unknown sandboxes and keys by status', async () => {
    await expect(sdk.get('nobody')).rejects.toMatchObject({ statusCode: 404 });
    const { apiUrl } = daytona;
    const stranger = new Daytona({ apiKey: 'wrong', apiUrl, useDeprecatedPolling: true });
    await expect(stranger.get(made.id)).rejects.toMatchObject({ statusCode: 401 });
  });

  test('answers with its faults', async () => {
    daytona.faults.apiStatus = 429;
    await expect(sdk.get(made.id)).rejects.toMatchObject({ statusCode: 429 });
    daytona.faults.reset();
    expect((await sdk.get(made.id)).id).toBe(made.id);
  });

  test('notes of each call when it came and what it was answered with', async () => {
    const before = performance.now();
    const count = daytona.calls.length;
    await expect(sdk.get('nobody')).rejects.toMatchObject({ statusCode: 404 });
    await sdk.get(made.id);
    expect(daytona.calls.slice(count)).toMatchObject([
      { method: 'GET', path: '/sandbox/nobody', status: 404 },
      { method: 'GET', path: `/sandbox/${made.id}`, status: 200 },
    ]);
    const [call] = daytona.callsOf('GET', /nobody$/).slice(-1);
    expect(call?.at).toBeGreaterThanOrEqual(before);
    expect(call?.at).toBeLessThanOrEqual(performance.now());
    expect(daytona.callsOf('POST', /nobody$/)).toEqual([]);
  });

  test('refuses connections while its API is stopped, and comes back at the same address', async () => {
    const health = () => fetch(`${daytona.apiUrl}/health`);
    await daytona.stopApi();
    await expect(health()).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    await daytona.stopApi();
    await daytona.startApi();
    expect((await health()).status).toBe(200);
    expect((await sdk.get(made.id)).id).toBe(made.id);
  });

  test('has no events where nobody gave it a server for them, and notes no call', async () => {
    const count = daytona.calls.length;
    const { status } = await fetch(`${daytona.apiUrl}/socket.io/?EIO=4&transport=websocket`);
    expect([status, daytona.calls.length]).toEqual([404, count]);
  });
});
