import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Answer, ask, openWebSocket } from '../../support/client.ts';
import { echoSockets } from '../../support/echo.ts';
import { type Rig, startRig } from '../../support/rig.ts';

let rig: Rig;
let seen: Record<string, unknown>;
const secret = 's'.repeat(32);

beforeAll(async () => {
  rig = await startRig({
    platform: true,
    env: { AUTH_FAILURES_MAX: '0', COOKIE_SECRET: secret },
    app: (req, res) => {
      seen = { url: req.url, ...req.headers };
      res.end('the app');
    },
  });
  echoSockets(rig.app);
});
afterAll(() => rig.close());
beforeEach(() => {
  seen = {};
});
afterEach(() => {
  rig.sandbox.public = false;
});

const get = (headers: Record<string, string> = {}, path = '/', host = rig.host()) =>
  ask(rig.proxy.port, { host, path, headers });
const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const refused = ({ status, headers }: Answer) => [status, headers['x-proxy-error']];
const cookieOf = ({ headers }: Answer) => String(headers['set-cookie']?.[0]).split(';')[0] ?? '';

describe('a private sandbox', () => {
  test('asks everybody', async () => {
    expect(refused(await get())).toEqual([401, 'LOGIN_REQUIRED']);
    expect(seen).toEqual({});
  });

  test('opens for a Daytona key, which its app does not see', async () => {
    const authorization = `Bearer ${rig.daytona.apiKey}`;
    expect((await get({ authorization })).body).toBe('the app');
    expect(seen).not.toHaveProperty('authorization');
  });

  test('opens for its preview token, which Daytona is asked about and its app does not see', async () => {
    const headers = { 'x-daytona-preview-token': rig.sandbox.token };
    expect((await get(headers)).body).toBe('the app');
    expect((await get(headers)).body).toBe('the app');
    expect(seen).not.toHaveProperty('x-daytona-preview-token');
    expect(rig.daytona.callsOf('GET', /\/validate\//)).toHaveLength(1);
    expect(rig.daytona.callsOf('GET', /preview-url$/)).toEqual([]);
  });

  test('opens for the same in a link, and gives a page a session', async () => {
    const path = `/a?DAYTONA_SANDBOX_AUTH_KEY=${rig.sandbox.token}&b=1`;
    const first = await get(page, path);
    expect([first.status, first.headers.location]).toEqual([303, `http://${rig.host()}/a?b=1`]);
    expect((await get({ cookie: cookieOf(first) }, '/a?b=1')).body).toBe('the app');
    expect(seen).not.toHaveProperty('cookie');
  });

  test.each(['', '..', 'a/b', '%2e%2e', 'wrong', `${'x'.repeat(300)}`])(
    'does not open for the token %j',
    async (token) => {
      const headers = token === '' ? {} : { 'x-daytona-preview-token': token };
      expect(refused(await get(headers))).toEqual([401, 'LOGIN_REQUIRED']);
    },
  );

  test('does not open for a token from before a start', async () => {
    const sandbox = rig.daytona.sandboxes.create();
    const old = sandbox.token;
    rig.daytona.sandboxes.stop(sandbox);
    rig.daytona.sandboxes.start(sandbox);
    const host = rig.host(3000, sandbox);
    expect(refused(await get({ 'x-daytona-preview-token': old }, '/', host))[0]).toBe(401);
    expect((await get({ 'x-daytona-preview-token': sandbox.token }, '/', host)).status).toBe(502);
  });

  test('opens no WebSocket without a credential, and one with it', async () => {
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
    const handshake = { 'sec-websocket-version': '13', 'sec-websocket-key': `${'a'.repeat(22)}==` };
    expect(refused(await get({ ...upgrade, ...handshake }))).toEqual([401, 'LOGIN_REQUIRED']);
    const token = { 'x-daytona-preview-token': rig.sandbox.token };
    const { socket } = await openWebSocket(rig.proxy.port, rig.host(), '/', token);
    socket.terminate();
  });
});

test('good visits to private sandboxes spend nothing of the budget for guesses', async () => {
  const env = { LOOKUP_MISSES_PER_CLIENT: '3' };
  const strict = await startRig({ platform: true, organizationKey: false, env, beside: rig });
  const visit = (id: string, headers = {}) =>
    ask(strict.proxy.port, { host: `3000-${id}.proxy.test`, headers });
  const authorization = `Bearer ${rig.daytona.apiKey}`;
  for (let i = 0; i < 8; i++) {
    const { id } = rig.daytona.sandboxes.create({ ports: rig.sandbox.ports });
    expect((await visit(id, { authorization })).body).toBe('the app');
  }
  for (let i = 0; i < 3; i++) expect((await visit(`guess-${i}`)).status).toBe(401);
  expect(refused(await visit('guess-3'))).toEqual([429, 'TOO_MANY_MISSES']);
  await strict.close();
});

describe('a public sandbox', () => {
  let open: Rig;
  beforeAll(async () => {
    open = await startRig({ platform: true, sandbox: { public: true } });
  });
  afterAll(() => open.close());

  test('opens for everybody', async () => {
    expect((await ask(open.proxy.port, { host: open.host() })).status).toBe(404);
  });

  test.each([22222, 2280, 33333])('asks on Daytona’s own port %i', async (port) => {
    const answer = await ask(open.proxy.port, { host: open.host(port) });
    expect(refused(answer)).toEqual([401, 'LOGIN_REQUIRED']);
  });

  test('leaves a Bearer that is not Daytona’s to its app', async () => {
    const seen = new Promise((resolve) =>
      open.app.once('request', (req) => resolve(req.headers.authorization)),
    );
    const headers = { authorization: 'Bearer of-the-app' };
    await ask(open.proxy.port, { host: open.host(), headers });
    expect(await seen).toBe('Bearer of-the-app');
  });
});

describe('a signed token in the host', () => {
  const hostOf = (token: string, port = 3000) => `${port}-${token}.proxy.test`;
  const sign = (seconds = 60) => rig.daytona.sandboxes.sign(rig.sandbox, 3000, seconds);

  test('opens the port that it was signed for, and no other', async () => {
    const token = sign();
    expect((await get({}, '/x', hostOf(token))).body).toBe('the app');
    expect(seen.url).toBe('/x');
    expect(refused(await get({}, '/', hostOf(token, 3001)))).toEqual([404, 'SANDBOX_NOT_FOUND']);
  });

  test('gives a page a session, which outlives it', async () => {
    const token = sign();
    const first = await get(page, '/', hostOf(token));
    expect([first.status, first.body]).toEqual([200, 'the app']);
    rig.daytona.sandboxes.expire(token);
    const cookie = cookieOf(first);
    const other = await startRig({
      platform: true,
      beside: rig,
      env: { COOKIE_SECRET: secret },
    });
    // Another instance with the same key has only the cookie to go by.
    const later = await ask(other.proxy.port, { host: hostOf(token), headers: { cookie } });
    expect(later.body).toBe('the app');
    const without = await ask(other.proxy.port, { host: hostOf(token) });
    expect(refused(without)).toEqual([404, 'SANDBOX_NOT_FOUND']);
    // It is a cookie of this host, and opens the sandbox's own address no more than any other.
    expect(refused(await get({ cookie }))).toEqual([401, 'LOGIN_REQUIRED']);
    await other.close();
  });

  test('works on in a frame of a page beside it, whose browser has the cookie by now', async () => {
    const host = hostOf(sign());
    const cookie = cookieOf(await get(page, '/', host));
    const framed = { ...page, 'sec-fetch-dest': 'iframe', 'sec-fetch-site': 'same-site', cookie };
    expect((await get(framed, '/', host)).body).toBe('the app');
  });

  test('stands in no log line', async () => {
    const token = sign();
    await get({}, '/', hostOf(token));
    expect(JSON.stringify(rig.logs())).not.toContain(token);
    expect(rig.logs()).toContainEqual(
      expect.objectContaining({ event: 'access', host: '3000-[signed].proxy.test' }),
    );
  });

  test('is asked about once, good or not', async () => {
    const token = sign();
    await Promise.all([get({}, '/', hostOf(token)), get({}, '/', hostOf(token))]);
    await get({}, '/', hostOf(token));
    const bad = 'abcdefghijklmnop';
    await Promise.all([get({}, '/', hostOf(bad)), get({}, '/', hostOf(bad))]);
    for (const each of [token, bad]) {
      expect(rig.daytona.callsOf('GET', new RegExp(`/${each}/3000/sandbox-id$`))).toHaveLength(1);
    }
  });
});
