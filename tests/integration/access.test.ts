import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Ask, ask, codeOf, openWebSocket, refusedUpgrade } from '../support/client.ts';
import { echoSockets } from '../support/echo.ts';
import { type Rig, type RigOptions, startRig } from '../support/rig.ts';

let rig: Rig;
const start = async (env: Record<string, string>, options: RigOptions = {}) => {
  rig = await startRig({ app: (req, res) => void res.end(req.url), ...options, env });
};
afterEach(() => rig.close());

const get = (what: Partial<Ask> = {}) => ask(rig.proxy.port, { host: rig.host(), ...what });
/** Without the reports of use, which come some time behind a request. */
const calls = () =>
  rig.daytona.calls.map(({ path }) => path).filter((path) => !path.endsWith('/last-activity'));
const key = () => `DAYTONA_SANDBOX_AUTH_KEY=${rig.sandbox.token}`;
const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

describe('ACCESS_MODE=protected', () => {
  test('asks for a credential where the sandbox is private, and not where it is public', async () => {
    await start({ ACCESS_MODE: 'protected' });
    const refused = await get();
    expect([refused.status, codeOf(refused)]).toEqual([401, 'LOGIN_REQUIRED']);
    expect(refused.headers['www-authenticate']).toBe('Bearer');
    const open = rig.daytona.sandboxes.create({ public: true, ports: rig.sandbox.ports });
    expect((await get({ host: rig.host(3000, open) })).status).toBe(200);
  });

  test('asks at the reserved ports of a public sandbox', async () => {
    await start({ ACCESS_MODE: 'protected' }, { sandbox: { public: true } });
    rig.sandbox.ports.set(22222, rig.sandbox.ports.get(3000) ?? 0);
    expect((await get({ host: rig.host(22222) })).status).toBe(401);
    const headers = { authorization: `Bearer ${rig.daytona.apiKey}` };
    expect((await get({ host: rig.host(22222), headers })).status).toBe(200);
  });

  test('does not tell a stranger whether the sandbox runs', async () => {
    await start({ ACCESS_MODE: 'protected' }, { sandbox: { state: 'stopped' } });
    expect(codeOf(await get())).toBe('LOGIN_REQUIRED');
    const headers = { 'x-daytona-preview-token': rig.sandbox.token };
    expect(codeOf(await get({ headers }))).toBe('SANDBOX_NOT_RUNNING');
  });
});

describe('ACCESS_MODE=private', () => {
  test('refuses a stranger without a word to Daytona', async () => {
    await start({ ACCESS_MODE: 'private' });
    expect((await get()).status).toBe(401);
    expect((await refusedUpgrade(rig.proxy.port, rig.host())).status).toBe(401);
    expect(calls()).toEqual([]);
  });

  test('asks Daytona once for a key that many show at once', async () => {
    await start({ ACCESS_MODE: 'private' });
    const headers = { authorization: `Bearer ${rig.daytona.apiKey}` };
    const all = await Promise.all(Array.from({ length: 50 }, () => get({ headers })));
    expect(all.every(({ status }) => status === 200)).toBe(true);
    expect(calls().filter((path) => path.endsWith('/access'))).toHaveLength(1);
  });

  test('leaves a Bearer to the app where another credential let the visitor in', async () => {
    await start(
      { ACCESS_MODE: 'private' },
      { app: (req, res) => void res.end(req.headers.authorization) },
    );
    const headers = {
      authorization: 'Bearer of-the-app',
      'x-daytona-preview-token': rig.sandbox.token,
    };
    expect((await get({ headers })).body).toBe('Bearer of-the-app');
  });

  test('says 503 and not 401 where Daytona cannot be asked', async () => {
    await start({ ACCESS_MODE: 'private' });
    rig.daytona.faults.apiStatus = 500;
    const answer = await get({ headers: { authorization: 'Bearer x' } });
    expect(codeOf(answer)).toBe('DAYTONA_UNAVAILABLE');
  });
});

describe('a key in the address', () => {
  test('becomes a session and an address without it', async () => {
    await start({ ACCESS_MODE: 'private' });
    const path = `/a//b?x=%20&${key()}&y`;
    const first = await get({ path, headers: navigation });
    expect(first.status).toBe(303);
    expect(first.headers.location).toBe(`http://${rig.host()}/a//b?x=%20&y`);
    expect(first.headers['referrer-policy']).toBe('no-referrer');
    const [cookie = ''] = first.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(
      /^daytona-proxy=[\w.-]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/,
    );
    const headers = { cookie: cookie.split(';', 1)[0] };
    const second = await get({ path: '/a', headers });
    expect([second.status, second.body]).toEqual([200, '/a']);
    expect(second.headers['content-security-policy']).toBe("frame-ancestors 'self'");
  });

  test('never leads to another host', async () => {
    await start({ ACCESS_MODE: 'private' });
    for (const path of ['//evil.test/', '/\\evil.test', '///evil.test', '//evil.test:80/x']) {
      const { status, headers } = await get({ path: `${path}?${key()}`, headers: navigation });
      expect(status).toBe(303);
      expect(new URL(headers.location ?? '').host).toBe(rig.host());
    }
  });

  test('lets a program through at once, and the sandbox does not see it', async () => {
    await start({ ACCESS_MODE: 'private' });
    const answer = await get({ path: `/x?${key()}` });
    expect([answer.status, answer.body]).toEqual([200, '/x']);
    expect(answer.headers['set-cookie']).toBeUndefined();
  });

  test('gets a __Host- cookie behind HTTPS', async () => {
    await start({ ACCESS_MODE: 'private', TRUSTED_PROXIES: '127.0.0.1' });
    const headers = { ...navigation, 'x-forwarded-proto': 'https' };
    const answer = await get({ path: `/?${key()}`, headers });
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^__Host-daytona-proxy=[^;]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure$/,
    );
    expect(answer.headers.location).toBe(`https://${rig.host()}/`);
  });
});

describe('a session', () => {
  const session = async (host = rig.host()) => {
    const { headers } = await get({ host, path: `/?${key()}`, headers: navigation });
    return headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '';
  };

  test('opens the host that it is for, and no other port', async () => {
    await start({ ACCESS_MODE: 'private' });
    const cookie = await session();
    expect((await get({ headers: { cookie } })).status).toBe(200);
    expect((await get({ host: rig.host(3001), headers: { cookie } })).status).toBe(401);
  });

  test('opens a WebSocket from its own page, and not from another', async () => {
    await start({ ACCESS_MODE: 'private' });
    echoSockets(rig.app);
    const cookie = await session();
    const own = { cookie, origin: `http://${rig.host()}` };
    const { socket } = await openWebSocket(rig.proxy.port, rig.host(), '/', own);
    socket.close();
    await once(socket, 'close');
    const foreign = { cookie, origin: 'http://3000-evil.proxy.test' };
    await expect(openWebSocket(rig.proxy.port, rig.host(), '/', foreign)).rejects.toThrow('403');
  });

  test('outlives a change of the secret by one, and no more', async () => {
    const secrets = ['a', 'b', 'c'].map((letter) => letter.repeat(32));
    const env = (of: string) => ({ ACCESS_MODE: 'private', COOKIE_SECRET: of });
    await start(env(secrets[0] ?? ''), { sandbox: { id: 'same', token: 't' } });
    const cookie = await session();
    for (const [secret, status] of [
      [`${secrets[1]},${secrets[0]}`, 200],
      [`${secrets[2]},${secrets[1]}`, 401],
    ] as const) {
      await rig.close();
      await start(env(secret), { sandbox: { id: 'same', token: 't' } });
      expect((await get({ headers: { cookie } })).status).toBe(status);
    }
  });
});

describe('failed attempts', () => {
  test('are told in the log without the secret, counted, and at last refused', async () => {
    await start({ ACCESS_MODE: 'private', AUTH_FAILURES_MAX: '3', STATS_TOKEN: 's'.repeat(16) });
    const wrong = { headers: { 'x-daytona-preview-token': 'a-wrong-secret' } };
    for (let i = 0; i < 3; i++) expect((await get(wrong)).status).toBe(401);
    const refused = await get({ headers: { 'x-daytona-preview-token': rig.sandbox.token } });
    expect([refused.status, codeOf(refused)]).toEqual([429, 'TOO_MANY_FAILURES']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    const attempts = rig.logs().filter(({ event }) => event === 'access.attempt');
    expect(attempts).toHaveLength(3);
    expect(attempts[0]).toMatchObject({ method: 'token', outcome: 'bad', client: '127.0.0.1' });
    expect(JSON.stringify(rig.logs())).not.toContain('a-wrong-secret');
  });
});

describe('a client that failed too often', () => {
  const fail = async (headers: Record<string, string>) => {
    for (let i = 0; i < 3; i++) await get({ headers });
  };

  test('is still asked to log in where it shows nothing', async () => {
    await start({ ACCESS_MODE: 'private', AUTH_FAILURES_MAX: '3' });
    await fail({ 'x-daytona-preview-token': 'wrong' });
    expect((await get()).status).toBe(401);
  });

  test('is not one whose session is over, or whom another site had fail', async () => {
    await start({ ACCESS_MODE: 'private', AUTH_FAILURES_MAX: '3' });
    await fail({ cookie: 'daytona-proxy=over' });
    for (let i = 0; i < 3; i++) {
      const headers = { 'sec-fetch-site': 'cross-site' };
      await get({ path: '/?DAYTONA_SANDBOX_AUTH_KEY=wrong', headers });
    }
    const headers = { 'x-daytona-preview-token': rig.sandbox.token };
    expect((await get({ headers })).status).toBe(200);
  });

  test('is one that guesses at sandboxes, which answer alike whether they are or not', async () => {
    await start({ ACCESS_MODE: 'private', AUTH_FAILURES_MAX: '3' });
    const guess = (i: number) =>
      get({ host: `3000-guess-${i}.proxy.test`, headers: { 'x-daytona-preview-token': 'x' } });
    for (let i = 0; i < 3; i++) expect((await guess(i)).status).toBe(401);
    expect((await guess(4)).status).toBe(429);
    expect(calls()).toHaveLength(3);
  });
});

describe('what the sandbox gets to see', () => {
  const echo: RigOptions = {
    app: (req, res) => void res.end(`${req.headers.authorization} ${req.url}`),
  };

  test('is no key of Daytona’s, also where Daytona could not be asked about it', async () => {
    await start({ ACCESS_MODE: 'private' }, echo);
    const first = await get({ path: `/?${key()}`, headers: navigation });
    const cookie = first.headers['set-cookie']?.[0]?.split(';', 1)[0];
    expect((await get({ headers: { cookie } })).body).toBe('undefined /');
    rig.daytona.faults.apiStatus = 500;
    const authorization = `Bearer ${rig.daytona.apiKey}`;
    expect((await get({ headers: { cookie, authorization } })).body).toBe('undefined /');
  });

  test.each(['open', 'protected'])('is no key in the address in mode %s', async (mode) => {
    await start({ ACCESS_MODE: mode }, { ...echo, sandbox: { public: true } });
    expect((await get({ path: `/x?${key()}&y` })).body).toBe('undefined /x?y');
  });
});

test('a name that went to another sandbox takes no credential with it', async () => {
  await start({ ACCESS_MODE: 'private', CACHE_TTL: '300000' }, { sandbox: { name: 'web' } });
  const headers = { 'x-daytona-preview-token': rig.sandbox.token };
  const host = '3000-web.proxy.test';
  expect((await get({ host, headers })).status).toBe(200);
  rig.daytona.sandboxes.delete(rig.sandbox);
  const next = rig.daytona.sandboxes.create({ name: 'web', ports: rig.sandbox.ports });
  const own = { 'x-daytona-preview-token': next.token };
  // What is known of the old one ends sooner or later; until then the new one's is of no use.
  expect((await get({ host, headers: own })).status).toBe(401);
});

describe('which sandboxes there are', () => {
  test('ALLOW_SANDBOXES hides others in every mode, by id without asking for them', async () => {
    const id = '83792513-cd9e-428f-99c0-63c63bc7739c';
    const hidden = '83792513-cd9e-428f-99c0-63c63bc77390';
    await start({ ALLOW_SANDBOXES: id }, { sandbox: { id } });
    rig.daytona.sandboxes.create({ id: hidden, ports: rig.sandbox.ports });
    expect((await get()).status).toBe(200);
    const before = calls().length;
    const answer = await get({ host: `3000-${hidden}.proxy.test` });
    expect([answer.status, codeOf(answer)]).toEqual([404, 'SANDBOX_NOT_FOUND']);
    expect(calls()).toHaveLength(before);
  });

  test('ALLOW_SANDBOXES chooses by label', async () => {
    await start({ ALLOW_SANDBOXES: 'team=web' }, { sandbox: { labels: { team: 'web' } } });
    const other = rig.daytona.sandboxes.create({ labels: { team: 'x' }, ports: rig.sandbox.ports });
    expect((await get()).status).toBe(200);
    expect((await get({ host: rig.host(3000, other) })).status).toBe(404);
  });

  test('a label closes a sandbox of an open proxy', async () => {
    await start({}, { sandbox: { labels: { 'preview.visibility': 'private' } } });
    expect((await get()).status).toBe(401);
  });
});

describe('addresses', () => {
  test('IP_DENY and IP_ALLOW go before all else, also for our own pages', async () => {
    await start({ IP_ALLOW: '127.0.0.0/8', IP_DENY: '127.0.0.1', TRUSTED_PROXIES: '127.0.0.1' });
    const from = (address: string) => get({ headers: { 'x-forwarded-for': address } });
    expect(codeOf(await from('127.0.0.1'))).toBe('ADDRESS_REFUSED');
    expect(codeOf(await from('192.0.2.1'))).toBe('ADDRESS_REFUSED');
    expect(codeOf(await from('2001:db8::1'))).toBe('ADDRESS_REFUSED');
    expect((await from('127.0.0.2')).status).toBe(200);
    expect((await get({ host: 'localhost', path: '/health' })).status).toBe(403);
  });

  test('IP_ALLOW lets a neighbour ask how the proxy is, and nothing else', async () => {
    await start({ IP_ALLOW: '203.0.113.0/24' });
    const status = async (path: string, host = 'localhost', headers = {}) =>
      (await get({ host, path, headers })).status;
    expect(await status('/health')).toBe(200);
    expect(await status('/ready')).toBe(200);
    expect(await status('/health', '10.0.0.7:3000')).toBe(200); // As a kubelet asks.
    expect(await status('/stats')).toBe(403);
    expect(await status('/')).toBe(403);
    expect(await status('/health', rig.host())).toBe(403);
    expect(await status('/health', 'localhost', { 'x-forwarded-for': '203.0.113.1' })).toBe(403);
    expect((await get({ host: 'localhost', path: '/health', method: 'POST' })).status).toBe(403);
  });
});
