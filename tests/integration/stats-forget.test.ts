import { afterEach, describe, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';

const token = 'a-stats-token-for-tests';
const bearer = { authorization: `Bearer ${token}` };
const ownPage = {
  accept: 'text/html,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'same-origin',
};
const action = { 'x-stats-action': 'forget' };

let rig: Rig;
afterEach(() => rig.close());

async function start(env: Record<string, string> = {}): Promise<void> {
  const app = (_req: unknown, res: { end(text: string): unknown }) => void res.end('the app');
  rig = await startRig({ app, env });
}
const visit = () => ask(rig.proxy.port, { host: rig.host() });
const local = (path: string, headers = {}, method = 'GET') =>
  ask(rig.proxy.port, { host: 'localhost', path, headers, method });
const keys = async (headers = {}) => {
  const { body } = await local('/stats', headers);
  return (JSON.parse(body).entries as { key: string }[]).map(({ key }) => key);
};
const forgetLine = async () => {
  const line = () => rig.logs().find(({ event }) => event === 'cache.forget');
  await eventually(() => line() !== undefined);
  return line();
};

describe('forgetting', () => {
  test('one sandbox has Daytona asked anew', async () => {
    await start();
    const other = rig.daytona.sandboxes.create({ ports: rig.sandbox.ports });
    await visit();
    await ask(rig.proxy.port, { host: rig.host(3000, other) });
    const key = `${rig.sandbox.id}:3000`;
    const forgotten = await local(`/stats/${encodeURIComponent(key)}`, action, 'DELETE');
    expect(forgotten.status).toBe(204);
    expect(await forgetLine()).toMatchObject({
      sandbox: rig.sandbox.id,
      requestId: forgotten.headers['x-request-id'],
    });
    expect(await keys()).toEqual([`${other.id}:3000`]);
    await visit();
    expect(JSON.parse((await local('/stats')).body).misses).toBe(3);
  });

  test('all of them leaves none', async () => {
    await start();
    await visit();
    const forgotten = await local('/stats', action, 'DELETE');
    expect(forgotten.status).toBe(204);
    expect(await forgetLine()).toMatchObject({
      sandbox: 'all',
      requestId: forgotten.headers['x-request-id'],
      client: '127.0.0.1',
    });
    expect(await keys()).toEqual([]);
    expect((await visit()).status).toBe(200);
  });

  test('works by the forms of the page, without JavaScript', async () => {
    await start();
    const post = (body: string) =>
      ask(rig.proxy.port, {
        host: 'localhost',
        path: '/stats/forget',
        method: 'POST',
        headers: { ...ownPage, 'content-type': 'application/x-www-form-urlencoded' },
        body,
      });
    await visit();
    const one = await post(`key=${encodeURIComponent(`${rig.sandbox.id}:3000`)}`);
    expect([one.status, one.headers.location, await keys()]).toEqual([303, '/stats', []]);
    await visit();
    expect([(await post('all=yes')).status, await keys()]).toEqual([303, []]);
    expect((await post('all=no')).status).toBe(404);
  });

  test('works for programs with the token, which need no more than that', async () => {
    await start({ STATS_TOKEN: token });
    await visit();
    const path = `/stats/${rig.sandbox.id}`;
    const what = { host: domain, path, method: 'DELETE', headers: bearer };
    expect((await ask(rig.proxy.port, what)).status).toBe(204);
    expect(await keys(bearer)).toEqual([]);
  });

  test('of what can be no sandbox finds nothing', async () => {
    await start();
    for (const key of ['%20', 'a%2Fb', 'a:b', 'a:123456', 'x'.repeat(201)]) {
      expect((await local(`/stats/${key}`, action, 'DELETE')).status).toBe(404);
    }
    expect((await local('/stats/%E0%A4%A', action, 'DELETE')).status).toBe(400);
  });
});
