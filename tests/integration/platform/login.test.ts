import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CookieJar } from '../../support/cookieJar.ts';
import { eventually } from '../../support/eventually.ts';
import { type HttpRelay, startHttpRelay } from '../../support/httpRelay.ts';
import { type IdentityProvider, startIdentityProvider } from '../../support/identityProvider.ts';
import { logInAs } from '../../support/logIn.ts';
import { domain, type Rig, startRig } from '../../support/rig.ts';

/** What only servers ask a provider for, and what only browsers do. */
const ofServers = /^\/(?:\.well-known\/.*|token|jwks)$/;
const ofBrowsers = /^\/(?:auth|interaction)(?:\/|$)/;

let provider: IdentityProvider;
let relay: HttpRelay;
let rig: Rig | undefined;

beforeEach(async () => {
  provider = await startIdentityProvider();
});
afterEach(async () => {
  await rig?.close();
  await relay?.close();
  await provider.close();
  rig = undefined;
});

const start = async (env: Record<string, string>) => {
  rig = await startRig({
    platform: true,
    app: (req, res) => void res.end(`the app at ${req.url}`),
    sandbox: { id: 'one', public: false },
    env: {
      OIDC_CLIENT_ID: provider.clientId,
      OIDC_CLIENT_SECRET: provider.clientSecret,
      ...env,
    },
    people: {
      issuer: 'http://127.0.0.1:1',
      clientId: 'nobody',
      // Daytona reads in a token whose it is; here, its provider says so.
      mayAccess: async (accessToken, sandboxId) => {
        const headers = { authorization: `Bearer ${accessToken}` };
        const answer = await fetch(`${provider.issuer}/me`, { headers });
        const { sub } = (await answer.json()) as { sub?: string };
        return sub === 'ann@a.test' && sandboxId === 'one';
      },
    },
  });
  provider.serve(`http://${domain}:${rig.proxy.port}/callback`);
  return rig;
};
const address = ({ host, proxy }: Rig) => `http://${host()}:${proxy.port}/x?y`;
const logIn = async (env: Record<string, string>, name = 'ann@a.test') => {
  const { body, status, headers } = await logInAs(new CookieJar(), address(await start(env)), name);
  return status === 200 ? body : headers['x-proxy-error'];
};

describe('the configured provider is the platform’s own', () => {
  test('it may be named by a URL, and Daytona says who may enter', async () => {
    expect(await logIn({ OIDC_DOMAIN: provider.issuer })).toBe('the app at /x?y');
  });

  test('whom Daytona does not let in does not enter', async () => {
    expect(await logIn({ OIDC_DOMAIN: provider.issuer }, 'bob@b.test')).toBe('NOT_A_MEMBER');
  });

  test.each([
    ['a.test', 'ann@a.test', 'the app at /x?y'],
    ['b.test', 'ann@a.test', 'NOT_A_MEMBER'],
    ['b.test', 'bob@b.test', 'NOT_A_MEMBER'],
  ])('with the list %s, %s gets: %s', async (list, name, gets) => {
    const env = { OIDC_DOMAIN: provider.issuer, OIDC_ALLOWED_DOMAINS: list };
    expect(await logIn(env, name)).toBe(gets);
  });
});

describe('a provider that browsers reach by another address', () => {
  test('which it calls itself by, as Dex does', async () => {
    const { host } = new URL(provider.issuer);
    relay = await startHttpRelay(provider.issuer, '/inside', host);
    const env = { OIDC_DOMAIN: relay.url, OIDC_PUBLIC_DOMAIN: provider.issuer };
    expect(await logIn(env)).toBe('the app at /x?y');
    const byServers = provider.asked.filter((path) => ofServers.test(path));
    expect(relay.asked).toEqual(byServers);
    expect(byServers).toEqual(['/.well-known/openid-configuration', '/token']);
    expect(provider.asked.some((path) => ofBrowsers.test(path))).toBe(true);
  });

  test('while it calls itself by the inner one', async () => {
    relay = await startHttpRelay(provider.issuer);
    const env = { OIDC_ISSUER: provider.issuer, OIDC_PUBLIC_DOMAIN: relay.url };
    expect(await logIn(env)).toBe('the app at /x?y');
    expect(relay.asked.filter((path) => ofServers.test(path))).toEqual([]);
    const byBrowsers = provider.asked.filter((path) => ofBrowsers.test(path));
    expect(relay.asked.filter((path) => ofBrowsers.test(path))).toEqual(byBrowsers);
    expect(byBrowsers.length).toBeGreaterThan(2);
  });

  test('is refused where it calls itself by a third', async () => {
    const { host } = new URL(provider.issuer);
    relay = await startHttpRelay(provider.issuer, '/inside', host);
    const env = { OIDC_DOMAIN: relay.url, OIDC_PUBLIC_DOMAIN: 'http://id.test' };
    const page = await new CookieJar().follow(address(await start(env)));
    expect([page.status, page.headers['x-proxy-error']]).toEqual([503, 'LOGIN_UNAVAILABLE']);
    const told = () => JSON.stringify(rig?.logs()).includes(`calls itself ${provider.issuer}`);
    expect(await eventually(told)).toBe(true);
  });
});

test('without one, it is the provider that Daytona names', async () => {
  const env = { OIDC_CLIENT_ID: '', OIDC_CLIENT_SECRET: '' };
  const page = await new CookieJar().follow(address(await start(env)));
  // At that one nobody listens.
  expect([page.status, page.headers['x-proxy-error']]).toEqual([503, 'LOGIN_UNAVAILABLE']);
});
