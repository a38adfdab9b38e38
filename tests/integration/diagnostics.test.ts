import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { proofOf } from '../../src/diagnostics/proof.ts';
import {
  type Answer,
  ask,
  codeOf,
  open,
  openWebSocket,
  raw,
  refusedUpgrade,
} from '../support/client.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';

const token = 'a-stats-token-for-tests';
let rig: Rig;
let proof: { authorization: string };

beforeAll(async () => {
  rig = await startRig({
    app: (req, res) => void res.end(`the app: ${req.url}`),
    env: { STATS_TOKEN: token, TRUSTED_PROXIES: '127.0.0.1/32' },
  });
  proof = shown(Date.now());
});
afterAll(() => rig.close());

const shown = (at: number) => ({
  authorization: `Bearer ${proofOf({ DAYTONA_API_KEY: rig.daytona.apiKey }, at)}`,
});
const post = (path: string, headers = {}, host = 'localhost', body = '') =>
  ask(rig.proxy.port, { host, path, method: 'POST', headers, body });
const get = (path: string, headers = {}, host = domain) =>
  ask(rig.proxy.port, { host, path, headers });
const refusal = (answer: Answer) => [answer.status, codeOf(answer)];

async function ticket(): Promise<{ authorization: string }> {
  const { body } = await post('/diagnostics/tickets', proof);
  return { authorization: `Bearer ${JSON.parse(body).ticket}` };
}

describe('a ticket', () => {
  test('is given to whoever has the proxy’s key, wherever that asks', async () => {
    expect((await post('/diagnostics/tickets', proof)).status).toBe(201);
    const from = { ...proof, 'x-forwarded-for': '1.1.1.1' };
    expect((await post('/diagnostics/tickets', from, domain)).status).toBe(201);
  });

  test('is not given for another credential, nor to the machine itself without one', async () => {
    const { authorization: other } = await ticket();
    const wrong = [undefined, 'Bearer x', `Bearer ${token}`, `Bearer ${rig.daytona.apiKey}`, other];
    for (const authorization of wrong) {
      for (const host of ['localhost', domain]) {
        const answer = await post(
          '/diagnostics/tickets',
          authorization ? { authorization } : {},
          host,
        );
        expect(refusal(answer)).toEqual([401, 'UNAUTHORIZED']);
        expect(answer.body).not.toMatch(/ticket"/);
      }
    }
  });

  test('is not given for a proof of another time', async () => {
    for (const hours of [-1, 1]) {
      const answer = await post('/diagnostics/tickets', shown(Date.now() + hours * 3_600_000));
      expect(refusal(answer)).toEqual([401, 'UNAUTHORIZED']);
    }
  });

  test('is asked for by POST alone, on no sandbox’s host, and no other page takes it', async () => {
    expect((await get('/diagnostics/tickets', proof)).status).toBe(400);
    expect((await post('/diagnostics/tickets', proof, rig.host())).body).toContain('the app');
    expect((await get('/stats', await ticket())).status).toBe(401);
    expect((await get('/metrics', await ticket())).status).toBe(401);
    expect((await get('/diagnostics', proof)).status).toBe(401);
  });

  test('is asked for by everything else, of the machine itself too', async () => {
    for (const path of ['', '/events', '/redirect', '/socket']) {
      expect(refusal(await get(`/diagnostics${path}`, {}, 'localhost'))[0]).toBe(401);
      for (const wrong of ['x'.repeat(43), token]) {
        const answer = await get(`/diagnostics${path}`, { authorization: `Bearer ${wrong}` });
        expect(refusal(answer)).toEqual([401, 'UNAUTHORIZED']);
      }
    }
    expect((await post('/diagnostics/upload', {}, 'localhost', 'x')).status).toBe(401);
    expect((await refusedUpgrade(rig.proxy.port, 'localhost', '/diagnostics/socket')).status).toBe(
      401,
    );
  });
});

test('a sandbox’s host has no diagnostics: its app is asked', async () => {
  const { body } = await get('/diagnostics', await ticket(), rig.host());
  expect(body).toBe('the app: /diagnostics');
});

test('it is told how a request has arrived', async () => {
  const from = { 'x-forwarded-for': '6.6.6.6, 203.0.113.9', 'x-forwarded-proto': 'https' };
  const headers = { ...from, origin: 'https://proxy.test' };
  const first = await get('/diagnostics', { ...headers, ...(await ticket()) });
  const { instance, ...seen } = JSON.parse(first.body);
  expect(seen).toEqual({
    host: domain,
    address: '203.0.113.9',
    proto: 'https',
    fronted: true,
    peer: '127.0.0.1',
    forwardedFor: '6.6.6.6, 203.0.113.9',
    forwardedProto: 'https',
    origin: 'https://proxy.test',
    connectingIp: null,
  });
  const second = await get('/diagnostics', await ticket());
  expect(JSON.parse(second.body).instance).toBe(instance);
  expect(second.body).not.toMatch(/Bearer/i);
});

test('two events are sent, the second behind a pause', async () => {
  const res = await open(rig.proxy.port, {
    host: domain,
    path: '/diagnostics/events?pause=200',
    headers: await ticket(),
  });
  const [first] = await once(res, 'data');
  expect(String(first)).toBe('data: first\n\n');
  const at = performance.now();
  const [last] = await once(res, 'data');
  expect(String(last)).toBe('data: last\n\n');
  expect(performance.now() - at).toBeGreaterThan(100);
  expect(res.headers['x-accel-buffering']).toBeUndefined(); // Apps do not say it either.
});

test('an upload is counted, up to 32 MB', async () => {
  const headers = await ticket();
  const { body } = await post('/diagnostics/upload', headers, domain, 'x'.repeat(1_000_000));
  expect(JSON.parse(body)).toEqual({ bytes: 1_000_000 });
  const large = post('/diagnostics/upload', headers, domain, 'x'.repeat(40_000_000));
  await expect(large).rejects.toThrow();
});

test('a client that waits for 100 Continue may send', async () => {
  const { authorization } = await ticket();
  const answer = await raw(
    rig.proxy.port,
    `POST /diagnostics/upload HTTP/1.1\r\nHost: ${domain}\r\nAuthorization: ${authorization}\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 .*\{"bytes":2\}$/s);
});

test('a redirect says in its body what stands in its head', async () => {
  const { status, headers, body } = await get('/diagnostics/redirect', await ticket());
  expect(status).toBe(302);
  const { location, cookies } = JSON.parse(body);
  expect([headers.location, headers['set-cookie']]).toEqual([location, cookies]);
  expect(location).toBe(`http://${domain}/diagnostics?from=redirect`);
});

describe('the WebSocket', () => {
  test('says how it has arrived, repeats what it is told, and ends behind sixteen messages', async () => {
    const headers = { ...(await ticket()), origin: 'https://proxy.test' };
    const { socket, next } = await openWebSocket(
      rig.proxy.port,
      domain,
      '/diagnostics/socket',
      headers,
    );
    expect(JSON.parse(String((await next()).data))).toMatchObject({ origin: 'https://proxy.test' });
    for (let i = 0; i < 16; i++) {
      socket.send(`${i}`);
      expect(String((await next()).data)).toBe(`${i}`);
    }
    socket.send('one more');
    expect((await once(socket, 'close'))[0]).toBe(1008);
  });

  test('is not opened by a request without an upgrade', async () => {
    const { status, headers } = await get('/diagnostics/socket', await ticket());
    expect([status, headers.upgrade]).toEqual([426, 'websocket']);
  });

  test('takes no large message', async () => {
    const path = '/diagnostics/socket';
    const { socket, next } = await openWebSocket(rig.proxy.port, domain, path, await ticket());
    await next();
    socket.send('x'.repeat(5_000));
    expect((await once(socket, 'close'))[0]).toBe(1009);
  });

  test('ends when the proxy stops', async () => {
    const other = await startRig({
      beside: rig,
      env: { SHUTDOWN_TIMEOUT_MS: '5000', DRAIN_SPREAD_MS: '0' },
    });
    const given = await ask(other.proxy.port, {
      host: domain,
      path: '/diagnostics/tickets',
      method: 'POST',
      headers: proof,
    });
    const headers = { authorization: `Bearer ${JSON.parse(given.body).ticket}` };
    const path = '/diagnostics/socket';
    const { socket, next } = await openWebSocket(other.proxy.port, domain, path, headers);
    await next();
    const [[code]] = await Promise.all([once(socket, 'close'), other.close()]);
    expect(code).toBe(1001);
  });
});

test('no ticket and no token stands in a log', () => {
  expect(JSON.stringify(rig.logs())).not.toMatch(/Bearer|a-stats-token/);
  expect(JSON.stringify(rig.logs())).not.toContain(proof.authorization.slice(7));
});
