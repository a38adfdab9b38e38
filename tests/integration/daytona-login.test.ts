import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Sandbox } from '../../src/demo/sandboxes.ts';
import { ask } from '../support/client.ts';
import { CookieJar } from '../support/cookieJar.ts';
import { type IdentityProvider, startIdentityProvider } from '../support/identityProvider.ts';
import { logInAs } from '../support/logIn.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';

/** No provider is configured: Daytona names its own, and knows who may see what. */
let provider: IdentityProvider;
let rig: Rig;
let other: Sandbox;
const secrets: string[] = [];

beforeAll(async () => {
  provider = await startIdentityProvider();
  rig = await startRig({
    app: (req, res) => void res.end(`the app at ${req.url}, ${req.headers.authorization}`),
    env: { ACCESS_MODE: 'private', AUTH_FAILURES_MAX: '0' },
    sandbox: { id: 'one' },
    people: {
      issuer: provider.issuer,
      clientId: 'daytona',
      mayAccess: async (accessToken, sandboxId) => {
        secrets.push(accessToken);
        const headers = { authorization: `Bearer ${accessToken}` };
        const answer = await fetch(`${provider.issuer}/me`, { headers });
        const { sub } = (await answer.json()) as { sub?: string };
        return sub === 'ann@a.test' && sandboxId === 'one';
      },
    },
  });
  other = rig.daytona.sandboxes.create({ id: 'two', ports: rig.sandbox.ports });
  provider.serve(`http://${domain}:${rig.proxy.port}/callback`);
});
afterAll(async () => {
  await rig?.close();
  await provider?.close();
});

const address = (sandbox = rig.sandbox) =>
  `http://${rig.host(3000, sandbox)}:${rig.proxy.port}/x?y`;

test('whom Daytona lets see a sandbox gets in, and into no other', async () => {
  const jar = new CookieJar();
  const page = await logInAs(jar, address(), 'ann@a.test');
  expect([page.status, page.body]).toEqual([200, 'the app at /x?y, undefined']);
  const refused = await jar.follow(address(other));
  expect([refused.status, refused.headers['x-proxy-error']]).toEqual([403, 'NOT_A_MEMBER']);
});

test('whom Daytona does not let see it does not', async () => {
  const refused = await logInAs(new CookieJar(), address(), 'bob@b.test');
  expect([refused.status, refused.headers['x-proxy-error']]).toEqual([403, 'NOT_A_MEMBER']);
});

test('an access token is a credential like an API key, and does not stand in the log', async () => {
  await logInAs(new CookieJar(), address(), 'ann@a.test');
  const token = secrets.at(-1) ?? '';
  const authorization = `Bearer ${token}`;
  const get = (sandbox: Sandbox) =>
    ask(rig.proxy.port, { host: rig.host(3000, sandbox), headers: { authorization } });
  expect((await get(rig.sandbox)).body).toBe('the app at /, undefined');
  expect((await get(other)).status).toBe(401);
  expect(token.length).toBeGreaterThan(10);
  expect(JSON.stringify(rig.logs())).not.toContain(token);
});

test('where the provider cannot be reached a page says so, and everything else is as ever', async () => {
  const people = { issuer: 'http://127.0.0.1:1', clientId: 'x', mayAccess: async () => false };
  const alone = await startRig({ env: { ACCESS_MODE: 'private' }, people });
  try {
    const host = `${alone.host()}:${alone.proxy.port}`;
    const page = await new CookieJar().follow(`http://${host}/`);
    expect([page.status, page.headers['x-proxy-error']]).toEqual([503, 'LOGIN_UNAVAILABLE']);
    expect((await ask(alone.proxy.port, { host })).status).toBe(401);
  } finally {
    await alone.close();
  }
});
