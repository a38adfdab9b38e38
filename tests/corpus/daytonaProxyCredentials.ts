import {
  answered,
  asked,
  bearer,
  differs,
  type MovingRow,
  refused,
  same,
  shut,
  toLogin,
  whyAsked,
} from './daytonaProxyCase.ts';

const key = '/?DAYTONA_SANDBOX_AUTH_KEY={token}';
const signed = '{port}-{signed}.{domain}';
const session = 'daytona-proxy=…; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax';
const login = {
  status: 303,
  from: 'proxy',
  headers: {
    location: 'http://{domain}/login?to=…',
    'set-cookie': 'daytona-proxy-browser=…; Path=/; Max-Age=600; HttpOnly; SameSite=Lax',
  },
} as const;
const toOurLogin = (headers: Record<string, string> = {}) =>
  ({ sandbox: shut, as: 'person', headers }) as const;
const ownPage = 'all previews are same-site to each other: a cookie alone proves nothing';
const perHost = 'a session opens one host; a cookie for the whole domain reaches every sandbox';

/** What opens a private sandbox, and in which order. */
export const credentials: readonly MovingRow[] = [
  differs('no credential, a program', { sandbox: shut }, toLogin, asked, whyAsked),
  differs(
    'no credential, a POST',
    { sandbox: shut, method: 'POST', body: 'x' },
    toLogin,
    asked,
    whyAsked,
  ),
  differs(
    'no credential, a WebSocket',
    { sandbox: shut, as: 'websocket' },
    toLogin,
    asked,
    whyAsked,
  ),
  differs(
    'no credential, a person',
    toOurLogin(),
    `${toLogin}; the state is readable Base64 with the address to return to`,
    login,
    'to the same provider, by our own host first: the state is sealed and good for one use in one browser',
  ),
  same(
    'a Daytona key as Bearer, which is taken off the request',
    { sandbox: shut, headers: bearer },
    { ...answered, seen: { authorization: null } },
  ),
  same(
    'a JWT of a Daytona user as Bearer',
    { sandbox: shut, headers: { authorization: 'Bearer {jwt}' } },
    { ...answered, seen: { authorization: null } },
  ),
  differs(
    'a Bearer that Daytona does not take',
    { sandbox: shut, headers: { authorization: 'Bearer wrong' } },
    toLogin,
    asked,
    whyAsked,
  ),
  same(
    'a Bearer of the app’s own beside the preview token',
    {
      sandbox: shut,
      headers: { authorization: 'Bearer of-the-app', 'x-daytona-preview-token': '{token}' },
    },
    { ...answered, seen: { authorization: 'Bearer of-the-app' } },
  ),
  same(
    'a Bearer at a public sandbox',
    { headers: { authorization: 'Bearer of-the-app' } },
    { ...answered, seen: { authorization: 'Bearer of-the-app' } },
  ),
  differs(
    'a Basic authorization',
    { sandbox: shut, headers: { authorization: 'Basic b3BlbmNvZGU6eA==' } },
    toLogin,
    asked,
    whyAsked,
  ),
  same(
    'the preview token as header',
    { sandbox: shut, headers: { 'x-daytona-preview-token': '{token}' } },
    answered,
  ),
  same(
    'the preview token as header, a WebSocket',
    { sandbox: shut, as: 'websocket', headers: { 'x-daytona-preview-token': '{token}' } },
    { status: 101, from: 'app' },
  ),
  differs(
    'the preview token as header, at a public sandbox',
    { headers: { 'x-daytona-preview-token': '{token}' } },
    'the app’s answer; the app sees the token',
    { ...answered, seen: { 'x-daytona-preview-token': null } },
    'no credential of Daytona’s reaches a sandbox',
  ),
  differs(
    'a wrong preview token as header',
    { sandbox: shut, headers: { 'x-daytona-preview-token': 'wrong' } },
    toLogin,
    asked,
    whyAsked,
  ),
  same(
    '`DAYTONA_SANDBOX_AUTH_KEY` in the query, a program',
    { sandbox: shut, path: key },
    answered,
  ),
  differs(
    '`DAYTONA_SANDBOX_AUTH_KEY` in the query, a person',
    { sandbox: shut, path: `/a${key.slice(1)}&b=1`, as: 'person' },
    'the app’s answer, the key still in the address bar',
    {
      status: 303,
      from: 'proxy',
      headers: { location: 'http://{host}/a?b=1', 'set-cookie': session },
    },
    'the token opens every port: it should stand in no history and no `Referer`',
  ),
  differs(
    'a wrong key in the query',
    { sandbox: shut, path: '/?DAYTONA_SANDBOX_AUTH_KEY=wrong' },
    toLogin,
    asked,
    whyAsked,
  ),
  same(
    'a wrong header and the right key in the query',
    { sandbox: shut, path: key, headers: { 'x-daytona-preview-token': 'wrong' } },
    answered,
  ),
  same('a signed address', { sandbox: shut, host: signed }, answered),
  same(
    'a signed address, a WebSocket',
    { sandbox: shut, host: signed, as: 'websocket' },
    {
      status: 101,
      from: 'app',
    },
  ),
  differs(
    'a signed address that was ended',
    { sandbox: shut, host: signed, before: ['loses its signed address'] },
    toLogin,
    refused(404, 'SANDBOX_NOT_FOUND'),
    'nobody can log in to what does not exist',
  ),
  same(
    'the cookie that an earlier request got',
    {
      sandbox: shut,
      as: 'person',
      before: ['is entered by a link'],
      headers: { cookie: '{session}' },
    },
    answered,
  ),
  differs(
    'the same cookie, a POST by another site’s page',
    {
      sandbox: shut,
      method: 'POST',
      before: ['is entered by a link'],
      headers: { cookie: '{session}', origin: 'https://elsewhere.test' },
    },
    'the app’s answer',
    refused(403, 'CROSS_SITE'),
    ownPage,
  ),
  differs(
    'the same cookie, a WebSocket by another sandbox’s page',
    {
      sandbox: shut,
      as: 'websocket',
      before: ['is entered by a link'],
      headers: { cookie: '{session}', origin: 'http://3000-other.{domain}' },
    },
    'the app’s answer',
    refused(403, 'CROSS_SITE'),
    ownPage,
  ),
  same(
    'the same cookie, a WebSocket by the sandbox’s own page',
    {
      sandbox: shut,
      as: 'websocket',
      before: ['is entered by a link'],
      headers: { cookie: '{session}', origin: 'http://{host}' },
    },
    { status: 101, from: 'app' },
  ),
  differs(
    'a cookie `daytona-sandbox-auth-{id}` from before the move',
    toOurLogin({ cookie: 'daytona-sandbox-auth-{id}=MTcwMDAwMDAwMHxzZWFsZWQ' }),
    'the app’s answer',
    login,
    'only Daytona’s own proxy can read it: everybody logs in once more',
  ),
  differs(
    'a session is given',
    { sandbox: shut, path: key, as: 'person', settings: 'cookie domain' },
    '`daytona-sandbox-auth-{id}`, `Domain=.{domain}`, `Max-Age=3600`, `HttpOnly`',
    { status: 303, from: 'proxy', headers: { 'set-cookie': session } },
    perHost,
  ),
  differs(
    'a session is given where a front proxy ends TLS',
    { sandbox: shut, path: key, as: 'person', settings: 'behind HTTPS' },
    'without `Secure`, which `ENABLE_TLS` alone sets',
    {
      status: 303,
      from: 'proxy',
      headers: {
        'set-cookie':
          '__Host-daytona-proxy=…; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure',
      },
    },
    'no sibling can set it, and it is never sent in the clear',
  ),
  differs(
    'a public sandbox whose label says `preview.visibility=private`',
    { sandbox: { labels: { 'preview.visibility': 'private' } } },
    'the app’s answer',
    asked,
    'labels may tighten, not loosen; `LABEL_POLICY=off` ignores them',
  ),
  same(
    'a public sandbox whose label says `preview.visibility=private`',
    { sandbox: { labels: { 'preview.visibility': 'private' } }, settings: 'no organization key' },
    answered,
  ),
];
