import net from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ask, codeOf } from '../support/client.ts';
import { listen, type Rig, type RigOptions, startRig } from '../support/rig.ts';

let rig: Rig;
const start = async (options: RigOptions = {}) => {
  rig = await startRig({ app: (_req, res) => void res.end('the app'), ...options });
};
const get = (host = rig.host(), headers = {}) => ask(rig.proxy.port, { host, headers });
const got = async (host?: string) => {
  const answer = await get(host);
  return [answer.status, codeOf(answer)];
};

afterEach(() => rig.close());

describe('bad input', () => {
  test('a host that is no sandbox’s gets 400 with the expected form', async () => {
    await start();
    for (const host of [
      '0-abc.proxy.test',
      '70000-abc.proxy.test',
      '08080-abc.proxy.test',
      'abc.proxy.test',
      '3000-abc.evil.test',
    ]) {
      expect(await got(host)).toEqual([400, 'INVALID_HOST']);
    }
    const { body, headers } = await get('abc.proxy.test');
    expect(JSON.parse(body).error.message).toContain('Invalid host format');
    expect(body).toContain('{port}-{sandboxId}.{domain}');
    expect(headers).toMatchObject({ 'x-proxy-error': 'INVALID_HOST', 'cache-control': 'no-store' });
    expect(rig.daytona.calls).toEqual([]);
  });

  test.each([22222, 2280, 33333])('the reserved port %i gets 403 and no lookup', async (port) => {
    await start();
    expect(await got(rig.host(port))).toEqual([403, 'RESERVED_PORT']);
    expect(rig.daytona.calls).toEqual([]);
  });

  test('an unknown sandbox gets 404, and asking again soon costs no call', async () => {
    await start();
    expect(await got('3000-nobody.proxy.test')).toEqual([404, 'SANDBOX_NOT_FOUND']);
    const calls = rig.daytona.calls.length;
    expect(await got('4096-nobody.proxy.test')).toEqual([404, 'SANDBOX_NOT_FOUND']);
    expect(rig.daytona.calls).toHaveLength(calls);
  });

  test.each(['stopped', 'archived', 'error'])(
    'a sandbox that is %s gets 503 with its state',
    async (state) => {
      await start({ sandbox: { state } });
      const answer = await get();
      expect(JSON.parse(answer.body).error).toMatchObject({ code: 'SANDBOX_NOT_RUNNING', state });
      expect(answer.status).toBe(503);
      expect(answer.headers['retry-after']).toBe('2');
    },
  );

  test('a port where nothing listens gets 502', async () => {
    await start();
    expect(await got(rig.host(9999))).toEqual([502, 'PORT_NOT_LISTENING']);
  });

  test('a sandbox that was stopped behind our back is recognised by the edge’s refusal', async () => {
    await start();
    expect((await get()).status).toBe(200);
    rig.daytona.sandboxes.stop(rig.sandbox);
    expect(await got()).toEqual([503, 'SANDBOX_NOT_RUNNING']);
  });

  test('an edge that cannot be reached gets 502 and the original’s words', async () => {
    await start();
    const closed = net.createServer();
    closed.listen(0, '127.0.0.1');
    await new Promise((done) => closed.once('listening', done));
    const { port } = closed.address() as net.AddressInfo;
    await new Promise((done) => closed.close(done));
    rig.daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, `:${port}`);
    const answer = await get();
    expect([answer.status, codeOf(answer)]).toEqual([502, 'UPSTREAM_UNREACHABLE']);
    expect(answer.body).toContain('Failed to connect to sandbox');
  });

  test.each(['https://3000-evil.edge.test', 'ftp://x', 'http://127.0.0.1:1'])(
    'a preview link to %s is not dialled',
    async (url) => {
      await start();
      rig.daytona.faults.previewUrl = () => url;
      expect(await got()).toEqual([502, 'UPSTREAM_FORBIDDEN']);
    },
  );

  test('a private address is not dialled where that is not allowed', async () => {
    await start({ env: { ALLOW_PRIVATE_UPSTREAMS: 'false' } });
    expect(await got()).toEqual([502, 'UPSTREAM_FORBIDDEN']);
  });

  test.each([
    ['500', { apiStatus: 500 }, 503, 'DAYTONA_UNAVAILABLE'],
    ['rate limit', { apiStatus: 429, retryAfterSeconds: 7 }, 503, 'DAYTONA_UNAVAILABLE'],
    ['wrong key', { apiStatus: 401 }, 502, 'DAYTONA_REJECTED_KEY'],
    ['forbidden key', { apiStatus: 403 }, 502, 'DAYTONA_REJECTED_KEY'],
    ['malformed JSON', { apiMalformed: true }, 503, 'DAYTONA_UNAVAILABLE'],
    ['silence', { apiHang: true }, 503, 'DAYTONA_UNAVAILABLE'],
  ])('Daytona’s %s is told apart', async (_what, faults, status, code) => {
    await start({ env: { DAYTONA_API_TIMEOUT_MS: '300' } });
    Object.assign(rig.daytona.faults, faults);
    const answer = await get();
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    if (status === 503) {
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(
        'retryAfterSeconds' in faults ? 6 : 1,
      );
    }
    expect(answer.body).not.toContain(rig.daytona.apiKey);
  });

  test('asks Daytona nothing more while its rate limit lasts', async () => {
    await start();
    Object.assign(rig.daytona.faults, { apiStatus: 429, retryAfterSeconds: 60 });
    await get();
    const calls = rig.daytona.calls.length;
    rig.daytona.faults.reset();
    expect(await got(rig.host(8080))).toEqual([503, 'DAYTONA_UNAVAILABLE']);
    expect(rig.daytona.calls).toHaveLength(calls);
  });

  test('people get a page, programs JSON', async () => {
    await start();
    const page = await get(rig.host(2280), { accept: 'text/html,*/*' });
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    expect(page.body).toContain('<html lang="en">');
    const fetched = await get(rig.host(2280), { accept: 'text/html', 'sec-fetch-dest': 'empty' });
    expect(fetched.headers['content-type']).toContain('application/json');
  });

  test('a request that comes back to us is a loop', async () => {
    await start();
    const answer = await get(rig.host(), { via: '1.1 daytona-proxy' });
    expect([answer.status, codeOf(answer)]).toEqual([508, 'LOOP_DETECTED']);
  });

  test('an invalid status of the sandbox becomes a complete 502', async () => {
    await start();
    const hostile = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nhi'));
    });
    const port = await listen(hostile as never);
    rig.daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, `:${port}`);
    expect(await got()).toEqual([502, 'UPSTREAM_INVALID']);
    await new Promise((done) => hostile.close(done));
  });
});
