/** The pages about who may, and those of the bare domain, each really brought about. */
import { ask, open } from '../client.ts';
import { startIdentityProvider } from '../identityProvider.ts';
import { type Rig, startRig } from '../rig.ts';
import { addressOf, bareAddress, domain, type PageState, request } from './pageState.ts';
import { brand } from './sandboxPages.ts';

const closed = { ACCESS_MODE: 'private' };
const adminToken = 'the-operator-of-this-very-proxy-1';
/** Of a provider that is not there. */
const login = {
  ...closed,
  OIDC_ISSUER: 'http://127.0.0.1:1',
  OIDC_CLIENT_ID: 'us',
  OIDC_ALLOWED_DOMAINS: 'example.com',
};
/** With a provider that knows everybody, and a Daytona that lets nobody see anything. */
const startAmongStrangers = async (): Promise<Rig> => {
  const provider = await startIdentityProvider();
  const people = { issuer: provider.issuer, clientId: 'daytona', mayAccess: async () => false };
  const rig = await startRig({ env: { ...closed, PROXY_DOMAIN: domain }, people });
  provider.serve(bareAddress(rig, '/callback'));
  return { ...rig, close: () => rig.close().then(provider.close) };
};
const platform = { platform: true, sandbox: { public: true } };
const wrongKey = (rig: Rig) => `${addressOf(rig)}?DAYTONA_SANDBOX_AUTH_KEY=${'x'.repeat(32)}`;
const linkTo = async (rig: Rig, pathPrefix: string): Promise<string> => {
  const { body } = await ask(rig.proxy.port, {
    host: domain,
    path: '/shares',
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}` },
    body: JSON.stringify({ sandboxId: rig.sandbox.id, port: 3000, pathPrefix }),
  });
  return new URL(JSON.parse(body).url).search;
};

export const doorPages: readonly PageState[] = [
  { name: 'front', status: 200, headline: 'This host leads to sandboxes', address: bareAddress },
  {
    name: 'front-branded',
    status: 200,
    headline: 'This host leads to sandboxes',
    rig: { env: { ...brand, HOST_FORMAT: 'id-first' } },
    address: bareAddress,
  },
  {
    name: 'no-sandbox-in-host',
    code: 'INVALID_HOST',
    status: 400,
    headline: 'This address leads to no sandbox',
    address: ({ proxy }) => `http://my-sandbox.${domain}:${proxy.port}/`,
  },
  {
    name: 'unreadable',
    code: 'INVALID_REQUEST',
    status: 400,
    headline: 'This request cannot be read',
    rig: platform,
    address: (rig) => `${addressOf(rig)}..%2fx`,
  },
  {
    name: 'not-found',
    code: 'NOT_FOUND',
    status: 404,
    headline: 'There is nothing here',
    rig: platform,
    address: bareAddress,
  },
  {
    name: 'for-operators',
    code: 'UNAUTHORIZED',
    status: 401,
    headline: 'This page is for operators',
    headers: { 'x-forwarded-for': '192.0.2.1' },
    address: (rig) => bareAddress(rig, '/stats'),
  },
  {
    name: 'no-access',
    code: 'LOGIN_REQUIRED',
    status: 401,
    headline: 'You need access to this sandbox',
    rig: { env: closed },
  },
  {
    name: 'login-failed',
    code: 'LOGIN_FAILED',
    status: 401,
    headline: 'The login did not work',
    rig: { env: login },
    address: (rig) => bareAddress(rig, '/callback?state=x'),
  },
  {
    name: 'login-unreachable',
    code: 'LOGIN_UNAVAILABLE',
    status: 503,
    headline: 'The login is out of reach',
    rig: { env: login },
  },
  {
    name: 'not-a-member',
    code: 'NOT_A_MEMBER',
    status: 403,
    headline: 'You have no access to this sandbox',
    start: startAmongStrangers,
    address: bareAddress,
    // On a page of its own, because the provider's complains of itself.
    arrive: async (page, rig) => {
      const login = await page.context().newPage();
      await login.goto(addressOf(rig));
      await login.fill('[name=login]', 'ann@a.test');
      await login.fill('[name=password]', 'any');
      await login.press('[name=password]', 'Enter');
      await login.getByText('You have no access').waitFor();
      await page.goto(addressOf(rig));
    },
    unframed: true,
  },
  {
    name: 'logged-out',
    status: 200,
    headline: 'You were not logged in.',
    rig: { env: login },
    address: (rig) => bareAddress(rig, '/logout'),
  },
  {
    name: 'not-from-here',
    code: 'ADDRESS_REFUSED',
    status: 403,
    headline: 'Not from this network',
    rig: { env: { IP_DENY: '127.0.0.1' } },
  },
  {
    name: 'link-forbids',
    code: 'SHARE_FORBIDS',
    status: 403,
    headline: 'Your link does not go that far',
    rig: { env: { ...closed, ADMIN_TOKEN: adminToken } },
    address: async (rig) => addressOf(rig) + (await linkTo(rig, '/docs')),
  },
  {
    name: 'from-elsewhere',
    code: 'CROSS_SITE',
    status: 403,
    headline: 'Another site led you here',
    rig: { env: { ...closed, ADMIN_TOKEN: adminToken } },
    headers: { origin: 'https://elsewhere.test' },
    address: async (rig) => addressOf(rig) + (await linkTo(rig, '/')),
    unframed: true,
  },
  {
    name: 'reserved-port',
    code: 'RESERVED_PORT',
    status: 403,
    headline: 'Port 22222 is Daytona’s own',
    address: (rig) => addressOf(rig, 22222),
  },
  {
    name: 'toolbox-only',
    code: 'TOOLBOX_ONLY',
    status: 403,
    headline: 'Apps are not served here',
    rig: { ...platform, env: { TOOLBOX_ONLY_MODE: 'true' } },
  },
  {
    name: 'warning',
    status: 200,
    headline: 'What follows is not ours.',
    rig: { ...platform, env: { PREVIEW_WARNING_ENABLED: 'true' } },
    unframed: true,
  },
  {
    name: 'too-many-requests',
    code: 'RATE_LIMITED',
    status: 429,
    headline: 'Too many requests',
    rig: { env: { RATE_LIMIT_MAX: '1' } },
    prepare: (rig) => request(rig, addressOf(rig)),
  },
  {
    name: 'too-many-failures',
    code: 'TOO_MANY_FAILURES',
    status: 429,
    headline: 'Too many failed attempts',
    rig: { env: { ...closed, AUTH_FAILURES_MAX: '1' } },
    prepare: (rig) => request(rig, wrongKey(rig)),
    address: wrongKey,
  },
  {
    name: 'too-many-misses',
    code: 'TOO_MANY_MISSES',
    status: 429,
    headline: 'Too many unknown sandboxes',
    rig: { env: { LOOKUP_MISSES_PER_CLIENT: '1' } },
    prepare: (rig) => request(rig, addressOf(rig, 3000, 'nobody')),
    address: (rig) => addressOf(rig, 3000, 'no-other-either'),
  },
  {
    name: 'too-many-connections',
    code: 'TOO_MANY_CONNECTIONS',
    status: 429,
    headline: 'Too many open connections',
    rig: {
      env: { MAX_CONNECTIONS_PER_CLIENT: '1', TRUSTED_PROXIES: '127.0.0.1' },
      app: (_req, res) => res.flushHeaders(),
    },
    prepare: async (rig) => {
      await open(rig.proxy.port, { host: new URL(addressOf(rig)).host });
    },
  },
];
