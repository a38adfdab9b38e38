import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type Rig, startRig } from '../../support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({
    platform: true,
    organizationKey: false,
    sandbox: { public: true },
    app: (_req, res) => void res.end(),
  });
});
afterAll(() => rig.close());

test('use is reported with the proxy’s own key, unless a request says that it is none', async () => {
  const reports = () => rig.daytona.callsOf('POST', /\/last-activity$/).map(({ path }) => path);
  const get = (host: string, headers = {}) => ask(rig.proxy.port, { host, headers });
  const other = rig.daytona.sandboxes.create({ public: true, ports: rig.sandbox.ports });
  await get(rig.host(), { 'x-daytona-skip-last-activity-update': 'true' });
  await get(rig.host(3000, other));
  expect(await eventually(() => reports().length > 0)).toBe(true);
  // The first request came before the one whose report is here.
  expect(reports()).toEqual([`/sandbox/${other.id}/last-activity`]);
  await get(rig.host());
  expect(await eventually(() => reports().length > 1)).toBe(true);
});
