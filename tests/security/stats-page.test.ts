/**
 * Attacker: the author of a page that an operator opens, above all the app of a sandbox, whose host
 * is the same site as the operator's page. Step: has the operator's browser, which holds the cookie
 * or sits on the proxy's own machine, ask for the page's stream or press its buttons; or brings a
 * cookie of its own making. Gain: the names of sandboxes, a cache that is always empty, a token that
 * can be guessed through others' browsers. Defence: a change needs a header that no foreign page can
 * send and our own origin, the cookie is encrypted, for one host, and good for one token.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Seals } from '../../src/seals.ts';
import { fingerprint } from '../../src/secrets.ts';
import { ask, codeOf } from '../support/client.ts';
import { CookieJar } from '../support/cookieJar.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';

const token = 'a-stats-token-for-tests';
const cookieSecret = 'the-secret-of-all-these-proxies-0001';
const form = 'application/x-www-form-urlencoded';
const action = { 'x-stats-action': 'forget' };
const app = (_req: unknown, res: { end(text: string): unknown }) => void res.end('app');

let rig: Rig;
/** Has no token: the machine itself may read. */
let tokenless: Rig;
let cookie: string;
const host = () => `${domain}:${rig.proxy.port}`;
const sandboxOrigin = (at = rig) => `http://${at.host()}:${at.proxy.port}`;

beforeAll(async () => {
  tokenless = await startRig({ app });
  rig = await startRig({
    app,
    env: { STATS_TOKEN: token, COOKIE_SECRET: cookieSecret, AUTH_FAILURES_MAX: '2' },
  });
  cookie = await cookieOf(rig);
});
afterAll(async () => {
  await rig.close();
  await tokenless.close();
});

async function cookieOf({ proxy }: Rig): Promise<string> {
  const jar = new CookieJar();
  await jar.visit(`http://${domain}:${proxy.port}/stats/login`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin' },
    body: `token=${token}`,
  });
  return `daytona-proxy-stats=${jar.get(domain, 'daytona-proxy-stats')}`;
}

async function isKnown(at: Rig): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  const { body } = await ask(at.proxy.port, { host: 'localhost', path: '/stats', headers });
  return body.includes(`${at.sandbox.id}:3000`);
}

async function isCached(at = rig): Promise<boolean> {
  await ask(at.proxy.port, { host: at.host() });
  return isKnown(at);
}

describe.each([
  ['with the cookie', () => rig, () => host(), () => ({ cookie })],
  [
    'from the machine itself',
    () => tokenless,
    () => `localhost:${tokenless.proxy.port}`,
    () => ({}),
  ],
] as const)('a browser %s', (_who, where, at, credential) => {
  const forget = (method: string, headers: Record<string, string>, body = '') =>
    ask(where().proxy.port, {
      host: at(),
      path: method === 'POST' ? '/stats/forget' : '/stats',
      method,
      headers: { ...credential(), ...headers, ...(body && { 'content-type': form }) },
      body,
    });

  test.each([
    ['a form of a sandbox', 'POST', () => ({ origin: sandboxOrigin(where()) })],
    [
      'a form that a browser knows to be another’s',
      'POST',
      () => ({ 'sec-fetch-site': 'same-site' }),
    ],
    ['a form without an origin', 'POST', () => ({})],
    ['a form of nobody', 'POST', () => ({ origin: 'null' })],
    ['a script of a sandbox', 'DELETE', () => ({ ...action, origin: sandboxOrigin(where()) })],
    ['a script of another site', 'DELETE', () => ({ ...action, 'sec-fetch-site': 'cross-site' })],
    [
      'a script of our own origin without its header',
      'DELETE',
      () => ({ origin: `http://${at()}` }),
    ],
    ['a navigation’s own word without the header', 'DELETE', () => ({ 'sec-fetch-site': 'none' })],
  ] as const)('is not led to forget by %s', async (_what, method, headers) => {
    expect(await isCached(where())).toBe(true);
    const answer = await forget(method, headers(), method === 'POST' ? 'all=yes' : '');
    expect([answer.status, codeOf(answer)]).toEqual([403, 'CROSS_SITE']);
    expect(await isKnown(where())).toBe(true);
  });

  test('may forget by the page itself', async () => {
    expect((await forget('POST', { origin: `http://${at()}` }, 'all=yes')).status).toBe(303);
    const headers = { ...action, origin: `http://${at()}` };
    expect((await forget('DELETE', headers)).status).toBe(204);
  });

  test.each(['same-site', 'cross-site'])('opens no stream for a %s page', async (site) => {
    const headers = { ...credential(), 'sec-fetch-site': site };
    const answer = await ask(where().proxy.port, { host: at(), path: '/stats/events', headers });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'CROSS_SITE']);
  });

  test('is told to answer no preflight', async () => {
    const headers = {
      origin: sandboxOrigin(where()),
      'access-control-request-method': 'DELETE',
      'access-control-request-headers': 'x-stats-action',
    };
    const answer = await ask(where().proxy.port, {
      host: at(),
      path: '/stats',
      method: 'OPTIONS',
      headers: { ...credential(), ...headers },
    });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.headers['access-control-allow-headers']).toBeUndefined();
  });
});

describe('without a credential', () => {
  test.each([
    ['GET', '/stats'],
    ['GET', '/stats/events'],
    ['DELETE', '/stats'],
    ['DELETE', '/stats/abc:3000'],
    ['POST', '/stats/forget'],
  ])('%s %s is closed', async (method, path) => {
    const headers = { ...action, 'sec-fetch-site': 'same-origin' };
    const answer = await ask(rig.proxy.port, { host: host(), path, method, headers });
    expect([answer.status, codeOf(answer)]).toEqual([401, 'UNAUTHORIZED']);
  });

  test('a page has the form, and names no sandbox', async () => {
    expect(await isCached()).toBe(true);
    const headers = { accept: 'text/html' };
    const { status, body } = await ask(rig.proxy.port, { host: host(), path: '/stats', headers });
    expect([status, body.includes(rig.sandbox.id)]).toEqual([401, false]);
  });

  test('another site’s form uses up nobody’s attempts', async () => {
    for (let i = 0; i < 5; i++) {
      const answer = await ask(rig.proxy.port, {
        host: host(),
        path: '/stats/login',
        method: 'POST',
        headers: { origin: sandboxOrigin(), 'content-type': form },
        body: 'token=guess',
      });
      expect(codeOf(answer)).toBe('CROSS_SITE');
    }
    expect(await cookieOf(rig)).not.toContain('undefined');
  });
});

describe('a cookie', () => {
  const open = async (value: string, at = rig, hostOfIt = host()) => {
    const headers = { cookie: value };
    const path = '/stats/events';
    const answer = await ask(at.proxy.port, { host: hostOfIt, path, headers, method: 'HEAD' });
    return answer.status;
  };

  test('is good on its own host', async () => {
    expect(await open(cookie)).toBe(200);
    expect(await open(cookie, rig, `other.${host()}`)).toBe(401);
    expect(await open(cookie, rig, domain)).toBe(401);
  });

  test('is good unaltered', async () => {
    for (const at of [30, 60, cookie.length - 5]) {
      const other = cookie[at] === 'A' ? 'B' : 'A';
      expect(await open(cookie.slice(0, at) + other + cookie.slice(at + 1))).toBe(401);
    }
    expect(await open(`daytona-proxy-stats=${token}`)).toBe(401);
    expect(await open('daytona-proxy-stats=')).toBe(401);
  });

  test('of another purpose opens nothing', async () => {
    const claims = { host: host(), token: 'x', sandboxId: 'a', visitor: 'b' };
    const value = await new Seals([cookieSecret]).seal('session', claims, Date.now() + 60_000);
    expect(await open(`daytona-proxy-stats=${value}`)).toBe(401);
  });

  test('ends with the token that was shown for it', async () => {
    const env = { STATS_TOKEN: 'another-stats-token', COOKIE_SECRET: cookieSecret };
    const renewed = await startRig({ env, beside: rig });
    try {
      expect(await open(cookie, renewed, host())).toBe(401);
    } finally {
      await renewed.close();
    }
    const same = await startRig({ env: { ...env, STATS_TOKEN: token }, beside: rig });
    try {
      expect(await open(cookie, same, host())).toBe(200);
    } finally {
      await same.close();
    }
  });

  test('ends by itself', async () => {
    const sealUntil = (at: number) =>
      new Seals([cookieSecret]).seal('stats', { host: host(), token: fingerprint(token) }, at);
    expect(await open(`daytona-proxy-stats=${await sealUntil(Date.now() + 60_000)}`)).toBe(200);
    expect(await open(`daytona-proxy-stats=${await sealUntil(Date.now() - 60_000)}`)).toBe(401);
  });
});

test('nothing of it is a sandbox’s, and a sandbox’s host has none of it', async () => {
  const answer = await ask(rig.proxy.port, {
    host: rig.host(),
    path: '/stats',
    headers: { accept: 'text/html' },
  });
  expect(answer.body).toBe('app');
});
