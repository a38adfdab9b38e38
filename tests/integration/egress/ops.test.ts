import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask, raw } from '../../support/client.ts';
import { type EgressRig, outside, sandboxId, startEgressRig } from '../../support/egressRig.ts';
import { eventually } from '../../support/eventually.ts';

const token = 'a-stats-token-for-tests';
let rig: EgressRig;
beforeAll(async () => {
  rig = await startEgressRig({ env: { STATS_TOKEN: token } });
});
afterAll(() => rig.close());
const get = (path: string, headers = {}, host = 'localhost') =>
  ask(rig.egress.port, { host, path, headers });

test('/health and /ready answer everybody', async () => {
  const { status, body } = await get('/health', {}, 'egress.example.com');
  expect([status, JSON.parse(body).status]).toEqual([200, 'ok']);
  expect(JSON.parse((await get('/ready', {}, 'egress.example.com')).body)).toEqual({
    status: 'ready',
  });
});

test('another path says what this is', async () => {
  const { status, body } = await get('/');
  expect(status).toBe(404);
  expect(body).toContain('HTTPS_PROXY');
});

describe('/stats', () => {
  test('tells what each sandbox has used', async () => {
    const tunnel = await rig.tunnel(`api.${outside}:${rig.port}`);
    (await rig.tunnel('127.0.0.1:1')).socket.destroy();
    (await rig.tunnel('127.0.0.1:1', sandboxId, 'wrong')).socket.destroy();
    const stats = async () => JSON.parse((await get('/stats')).body);
    expect(await stats()).toMatchObject({
      opened: { [sandboxId]: 1 },
      refused: 2,
      refusals: { HOST_NOT_ALLOWED: 1, CREDENTIAL_REQUIRED: 1 },
      sandboxes: [{ id: sandboxId, open: 1, carried: 0, refused: 1 }],
    });
    tunnel.send('hello');
    tunnel.socket.end();
    expect(await eventually(async () => (await stats()).carried === 1)).toBe(true);
    expect(await stats()).toMatchObject({
      bytesUp: 5,
      opened: {},
      sandboxes: [{ id: sandboxId, open: 0, carried: 1, bytesUp: 5 }],
    });
  });

  test('counts requests that cannot be read, which are told once a second', async () => {
    const figure = async () =>
      JSON.parse((await get('/stats')).body).refusals.INVALID_REQUEST as number | undefined;
    expect(await figure()).toBeUndefined();
    await raw(rig.egress.port, 'CONNECT nonsense HTTP/1.1\r\nHost: x\r\n\r\n');
    await raw(rig.egress.port, 'GARBAGE\r\n\r\n');
    await raw(
      rig.egress.port,
      'CONNECT a:1 HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Bearer x\r\n\r\n',
    );
    expect(await figure()).toBe(3);
    const told = () => rig.logs('egress.malformed').map(({ count }) => Number(count));
    expect(await eventually(() => told().reduce((all, each) => all + each, 0) === 3)).toBe(true);
    expect(rig.logs('egress.malformed')[0]).toMatchObject({ client: '127.0.0.1', count: 1 });
  });

  test.each([
    ['a forwarding header', { 'x-forwarded-for': '127.0.0.1' }, 'localhost'],
    ['a name that was pointed at the machine', {}, 'rebound.evil.test'],
    ['a wrong token', { 'x-forwarded-for': '1.1.1.1', authorization: 'Bearer x' }, 'localhost'],
  ])('is closed to a request with %s', async (_what, headers, host) => {
    const { status, body } = await get('/stats', headers, host);
    expect(status).toBe(401);
    expect(body).not.toContain(sandboxId);
  });

  test('opens for the token from anywhere', async () => {
    const headers = { 'x-forwarded-for': '1.1.1.1', authorization: `Bearer ${token}` };
    expect((await get('/stats', headers, 'egress.example.com')).status).toBe(200);
  });

  test('is not reached through the proxy itself', async () => {
    const { received, socket } = await rig.tunnel(`127.0.0.1:${rig.egress.port}`);
    socket.destroy();
    expect(received).toMatch(/^HTTP\/1\.1 403/);
  });
});
