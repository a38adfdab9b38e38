import { Daytona } from '@daytonaio/sdk';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EmbeddedDaytona, startDaytona } from '../../../src/demo/daytona.ts';

let daytona: EmbeddedDaytona;
let sdk: Daytona;

beforeAll(async () => {
  daytona = await startDaytona();
  const { apiKey, apiUrl } = daytona;
  sdk = new Daytona({ apiKey, apiUrl, requestTimeoutMs: 5000, useDeprecatedPolling: true });
});
afterAll(() => daytona.close());

const put = (method: string, path: string, body: unknown) =>
  fetch(`${daytona.apiUrl}/sandbox/${path}`, {
    method,
    headers: { authorization: `Bearer ${daytona.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe('labels', () => {
  test('are replaced by the SDK, none is kept', async () => {
    const sandbox = daytona.sandboxes.create({ labels: { old: 'one' } });
    const view = await sdk.get(sandbox.id);
    expect(await view.setLabels({ 'preview.owner': 'a@example.com' })).toEqual({
      'preview.owner': 'a@example.com',
    });
    expect(sandbox.labels).toEqual({ 'preview.owner': 'a@example.com' });
    expect((await sdk.get(sandbox.id)).labels).toEqual(sandbox.labels);
  });

  test('that are none are refused with 400', async () => {
    const sandbox = daytona.sandboxes.create({ labels: { old: 'one' } });
    expect((await put('PUT', `${sandbox.id}/labels`, { labels: { a: 1 } })).status).toBe(400);
    expect((await put('PUT', `${sandbox.id}/labels`, {})).status).toBe(400);
    expect(sandbox.labels).toEqual({ old: 'one' });
  });
});

describe('network settings', () => {
  test('are stored as they come, one without the others', async () => {
    const sandbox = daytona.sandboxes.create();
    const view = await sdk.get(sandbox.id);
    expect(view.networkBlockAll).toBe(false);
    await view.updateNetworkSettings({ networkAllowList: '10.0.0.0/8' });
    await view.updateNetworkSettings({ domainAllowList: 'example.com', networkBlockAll: true });
    const settings = {
      networkBlockAll: true,
      networkAllowList: '10.0.0.0/8',
      domainAllowList: 'example.com',
    };
    expect(sandbox).toMatchObject(settings);
    expect(view).toMatchObject(settings);
    expect(await sdk.get(sandbox.id)).toMatchObject(settings);
  });

  test('that are none are refused with 400, and an unknown sandbox with 404', async () => {
    const sandbox = daytona.sandboxes.create();
    const settings = { networkBlockAll: 'yes' };
    expect((await put('POST', `${sandbox.id}/network-settings`, settings)).status).toBe(400);
    expect((await put('POST', 'nobody/network-settings', {})).status).toBe(404);
    expect(sandbox.networkBlockAll).toBe(false);
  });
});
