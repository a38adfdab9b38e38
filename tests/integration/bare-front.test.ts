import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { raw } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

/** As Nginx sends it whose `location` has a `proxy_pass` and nothing else. */
const behindBareNginx = (path: string, version = '1.0') => {
  const host = `127.0.0.1:${rig.proxy.port}`;
  const head = `GET ${path} HTTP/${version}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  return raw(rig.proxy.port, head);
};

test.each(['/stats', '/stats/events', '/metrics'])(
  'a stranger behind a bare proxy_pass does not pass for this machine at %s',
  async (path) => {
    expect(await behindBareNginx(path)).toMatch(/^HTTP\/1\.1 401 /);
  },
);

test('the machine itself gets in as ever', async () => {
  expect(await behindBareNginx('/stats', '1.1')).toMatch(/^HTTP\/1\.1 200 /);
  expect(await behindBareNginx('/health')).toMatch(/^HTTP\/1\.1 200 /);
});
