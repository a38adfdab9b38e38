import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask, raw } from '../../support/client.ts';
import { freePort } from '../../support/command.ts';
import { type EgressRig, outside, sandboxId, startEgressRig } from '../../support/egressRig.ts';
import { eventually } from '../../support/eventually.ts';

const token = 'a-stats-token-for-tests';
let rig: EgressRig;
beforeAll(async () => {
  rig = await startEgressRig({ env: { STATS_TOKEN: token } });
});
afterAll(() => rig.close());
const bearer = { authorization: `Bearer ${token}` };
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
    const stats = async () => JSON.parse((await get('/stats', bearer)).body);
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
      JSON.parse((await get('/stats', bearer)).body).refusals.INVALID_REQUEST as number | undefined;
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
    ['nothing but its loopback address', {}],
    ['a wrong token', { authorization: 'Bearer x' }],
  ])('is closed to a request with %s', async (_what, headers) => {
    const { status, body } = await get('/stats', headers);
    expect(status).toBe(401);
    expect(body).not.toContain(sandboxId);
  });

  test('opens for the token from anywhere', async () => {
    const headers = { ...bearer, 'x-forwarded-for': '1.1.1.1' };
    expect((await get('/stats', headers, 'egress.example.com')).status).toBe(200);
  });
});

describe('without STATS_TOKEN', () => {
  let tokenless: EgressRig;
  /** A list that names the proxy itself, by a mistake or by a name that leads there. */
  beforeAll(async () => {
    const port = await freePort();
    tokenless = await startEgressRig({
      allow: `127.0.0.1:${port},name.test:${port}`,
      env: { EGRESS_PORT: String(port) },
    });
  });
  afterAll(() => tokenless?.close());

  test.each([
    ['the machine itself', {}, 'localhost', 200],
    ['a request with a forwarding header', { 'x-forwarded-for': '127.0.0.1' }, 'localhost', 401],
    ['a name that was pointed at the machine', {}, 'rebound.evil.test', 401],
  ])('/stats for %s', async (_what, headers, host, status) => {
    const answer = await ask(tokenless.egress.port, { host, path: '/stats', headers });
    expect(answer.status).toBe(status);
  });

  test.each(['127.0.0.1', 'name.test'])(
    'the proxy is not reached through itself as %s, whatever the list says',
    async (host) => {
      const { received, socket } = await tokenless.tunnel(`${host}:${tokenless.egress.port}`);
      socket.destroy();
      expect(received).toMatch(/^HTTP\/1\.1 403/);
      expect(received).toContain('this proxy itself');
    },
  );
});

test('/ready is 503 from the first moment of a stop, and /health is not', async () => {
  const stopping = await startEgressRig({
    env: { DRAIN_DELAY_MS: '300', SHUTDOWN_TIMEOUT_MS: '2000' },
  });
  const page = (path: string) => ask(stopping.egress.port, { host: 'localhost', path });
  expect((await page('/ready')).status).toBe(200);
  const closed = stopping.close();
  const { status, body } = await page('/ready');
  expect([status, JSON.parse(body)]).toEqual([503, { status: 'draining' }]);
  expect((await page('/health')).status).toBe(200);
  await closed;
});
