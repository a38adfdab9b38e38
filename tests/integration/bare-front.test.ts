import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask, codeOf, raw } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.close());

/** As Nginx sends it whose `location` has a `proxy_pass` and nothing else. */
const behindBareNginx = ({ proxy }: Rig, path: string, version: string) => {
  const host = `127.0.0.1:${proxy.port}`;
  const head = `GET ${path} HTTP/${version}\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  return raw(proxy.port, head);
};
const ofOperators = ['/stats', '/stats/events', '/metrics'];

describe('without STATS_TOKEN', () => {
  test.each(ofOperators)(
    'a stranger behind an older Nginx’s bare proxy_pass does not pass for this machine at %s',
    async (path) => {
      expect(await behindBareNginx(rig, path, '1.0')).toMatch(/^HTTP\/1\.1 401 /);
    },
  );

  test('the machine itself gets in', async () => {
    expect(await behindBareNginx(rig, '/stats', '1.1')).toMatch(/^HTTP\/1\.1 200 /);
    expect(await behindBareNginx(rig, '/health', '1.0')).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.each([
    ['a forwarding header', { 'x-forwarded-for': '127.0.0.1' }, 'localhost'],
    ['the scheme that a front proxy saw', { 'x-forwarded-proto': 'https' }, 'localhost'],
    ['another forwarding header', { forwarded: 'for=127.0.0.1' }, 'localhost'],
    ['one of a CDN', { 'true-client-ip': '127.0.0.1' }, 'localhost'],
    ['one of another spelling', { x_client_ip: '127.0.0.1' }, 'localhost'],
    ['what a front proxy was asked for', { 'x-original-uri': '/stats' }, 'localhost'],
    ['the public domain’s name', {}, 'proxy.test'],
    ['a name that was pointed at the machine', {}, 'rebound.evil.test'],
  ])('the machine itself sends no request with %s', async (_what, headers, host) => {
    for (const path of ofOperators) {
      const answer = await ask(rig.proxy.port, { host, path, headers });
      expect([answer.status, codeOf(answer)]).toEqual([401, 'UNAUTHORIZED']);
    }
  });
});

test('with STATS_TOKEN nobody passes for this machine, whatever a front sends', async () => {
  const guarded = await startRig({ env: { STATS_TOKEN: 'a-stats-token-for-tests' } });
  try {
    for (const path of ofOperators) {
      expect(await behindBareNginx(guarded, path, '1.1')).toMatch(/^HTTP\/1\.1 401 /);
    }
  } finally {
    await guarded.close();
  }
});
