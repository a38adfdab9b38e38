import { afterEach, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
afterEach(() => rig.close());

const knock = async (token: string) => {
  const headers = { 'x-daytona-preview-token': token };
  return (await ask(rig.proxy.port, { host: rig.host(), headers })).status;
};
const restart = () => {
  rig.daytona.sandboxes.stop(rig.sandbox);
  rig.daytona.sandboxes.start(rig.sandbox);
};
const lookups = () => rig.daytona.callsOf('GET', /preview-url$/).length;

test.each(['protected', 'private'])(
  'with ACCESS_MODE=%s the new token of a restarted sandbox opens it at once, and the old one no more',
  async (mode) => {
    rig = await startRig({ app: (_req, res) => void res.end(), env: { ACCESS_MODE: mode } });
    const old = rig.sandbox.token;
    expect(await knock(old)).toBe(200);
    restart();
    expect(await Promise.all([1, 2, 3].map(() => knock(rig.sandbox.token)))).toEqual([
      200, 200, 200,
    ]);
    expect(await knock(old)).toBe(401);
  },
);

test('a wrong token has Daytona asked once in a while, and not each time', async () => {
  rig = await startRig({ env: { ACCESS_MODE: 'private', AUTH_FAILURES_MAX: '0' } });
  expect(await knock(rig.sandbox.token)).toBe(404);
  const before = lookups();
  for (let i = 0; i < 10; i++) expect(await knock(`guess-${i}`)).toBe(401);
  expect(lookups()).toBe(before + 1);
});
