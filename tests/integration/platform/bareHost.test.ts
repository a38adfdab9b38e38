import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../../support/client.ts';
import { domain, type Rig, startRig } from '../../support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({ platform: true, sandbox: { public: true } });
});
afterAll(() => rig.close());

const at = async (host: string, path = '/') => {
  const { status, headers } = await ask(rig.proxy.port, { host, path });
  return [status, headers['x-proxy-error']];
};

test.each(['/', '/anything', '/snapshots', '/sandboxes/abc', '/snapshots/a/b/build-logs'])(
  '%s on the bare host is not there',
  async (path) => expect(await at(domain, path)).toEqual([404, 'NOT_FOUND']),
);

test.each(['www.proxy.test', 'example.com', '0-abc.proxy.test', '70000-abc.proxy.test'])(
  'nor is anything on %s',
  async (host) => expect(await at(host)).toEqual([404, 'NOT_FOUND']),
);

test('health is told there, and on a sandbox’s host the path is its own', async () => {
  expect(await at(domain, '/health')).toEqual([200, undefined]);
  expect(await at(rig.host(), '/health')).toEqual([404, undefined]);
});
