import { answered, differs, type MovingRow, same, shut, undocumented } from './daytonaProxyCase.ts';

const origin = 'https://app.test';
const shared = {
  'access-control-allow-origin': origin,
  'access-control-allow-credentials': 'true',
};
const preflight = {
  method: 'OPTIONS',
  headers: { origin, 'access-control-request-method': 'PUT' },
};
const apps = { headers: { 'access-control-allow-origin': 'https://of-the-app.test' } };
const withBody = (method: string) =>
  same(`${method} with a body`, { method, body: 'a body' }, { ...answered, seen: { method } });

/** What the runner and the app see. */
export const requests: readonly MovingRow[] = [
  same(
    'where the runner is asked, and by which right',
    { path: '/a/b?c=d' },
    {
      ...answered,
      seen: { url: '/a/b?c=d' },
      atRunner: {
        url: '/sandboxes/{id}/toolbox/proxy/3000/a/b?c=d',
        'x-daytona-authorization': 'Bearer {runnerKey}',
      },
    },
  ),
  withBody('POST'),
  withBody('PUT'),
  withBody('PATCH'),
  withBody('DELETE'),
  same('HEAD', { method: 'HEAD' }, { ...answered, seen: { method: 'HEAD' } }),
  same('OPTIONS', { method: 'OPTIONS' }, { ...answered, seen: { method: 'OPTIONS' } }),
  same('a WebSocket', { as: 'websocket' }, { status: 101, from: 'app' }),
  differs(
    'a path with what servers like to clean up',
    { path: '//a%2Fb;c?x=%20&' },
    undocumented,
    { ...answered, seen: { url: '//a%2Fb;c?x=%20&' } },
    'paths and queries pass byte for byte',
  ),
  same('`Host`', {}, { ...answered, seen: { host: 'localhost:3000' } }),
  same(
    'a field of the visitor’s own',
    { headers: { 'x-mine': 'yes' } },
    {
      ...answered,
      seen: { 'x-mine': 'yes' },
    },
  ),
  same(
    'an `X-Daytona-Authorization` of the visitor’s own',
    { headers: { 'x-daytona-authorization': 'Bearer mine' } },
    { ...answered, atRunner: { 'x-daytona-authorization': 'Bearer {runnerKey}' } },
  ),
  differs(
    '`Origin`, that of the sandbox’s own page',
    { method: 'POST', headers: { origin: 'http://{host}' } },
    'the app sees `origin: http://{host}` beside `host: localhost:3000`',
    { ...answered, seen: { origin: 'http://localhost:3000' } },
    'Next.js, Vite and OpenCode compare the two and refuse; `ORIGIN_MODE=preserve` leaves it',
  ),
  same(
    '`Origin` of another page',
    { method: 'POST', headers: { origin } },
    { ...answered, seen: { origin } },
  ),
  differs(
    'an `X-Forwarded-Host` of the visitor’s own',
    { headers: { 'x-forwarded-host': 'elsewhere.test' } },
    'the app sees it beside ours',
    { ...answered, seen: { 'x-forwarded-host': '{host}' } },
    'frameworks build addresses from it; a list breaks them, and a visitor’s own misleads them',
  ),
  differs(
    'an `X-Forwarded-For` of the visitor’s own',
    { headers: { 'x-forwarded-for': '192.0.2.1' } },
    'the app sees it: fields are kept',
    { ...answered, seen: { 'x-forwarded-for': '127.0.0.1' } },
    'only what `TRUSTED_PROXIES` say of the way is believed',
  ),
  differs(
    'the cookies of Daytona’s own proxy, beside one of the app’s',
    { headers: { cookie: 'daytona-sandbox-auth-x=1; a=b; pkce_verifier=2' } },
    'the app sees all three: fields are kept',
    { ...answered, seen: { cookie: 'a=b' } },
    'no credential reaches a sandbox',
  ),
  differs(
    'a POST under which the connection to the runner breaks',
    { method: 'POST', body: 'pay', breaks: true },
    'is sent once more, up to 256 KiB',
    { status: 502, from: 'proxy', code: 'UPSTREAM_UNREACHABLE', times: 1 },
    'the app may have done it already',
  ),
];

/** Which other origins may read. */
export const cors: readonly MovingRow[] = [
  same(
    'a GET by a page of another origin',
    { headers: { origin } },
    { ...answered, headers: shared },
  ),
  same(
    'a POST by a page of another origin',
    { method: 'POST', headers: { origin } },
    { ...answered, headers: shared },
  ),
  same(
    'with a credential, at a private sandbox',
    { sandbox: shut, headers: { origin, 'x-daytona-preview-token': '{token}' } },
    { ...answered, headers: shared },
  ),
  differs(
    'a preflight',
    {
      method: 'OPTIONS',
      headers: { ...preflight.headers, 'access-control-request-headers': 'x-one, x-two' },
    },
    'allows the origin, and the names of the fields that the preflight itself has',
    {
      status: 204,
      from: 'proxy',
      headers: { ...shared, 'access-control-allow-headers': 'x-one, x-two' },
    },
    'a browser looks for the fields that it asks for',
  ),
  differs(
    'a preflight at a private sandbox',
    { sandbox: shut, ...preflight },
    undocumented,
    { status: 204, from: 'proxy', headers: shared },
    'preflights never bring a credential',
  ),
  differs(
    '`Origin: null`',
    { headers: { origin: 'null' } },
    '`Access-Control-Allow-Origin: null`, with credentials: all origins',
    { ...answered, headers: { 'access-control-allow-origin': null } },
    'it is every sandboxed frame and every file; nobody can be told apart by it',
  ),
  same(
    '`X-Daytona-Disable-CORS: true`: what the app says passes',
    { headers: { origin, 'x-daytona-disable-cors': 'true' }, app: apps },
    { ...answered, headers: apps.headers },
  ),
  same(
    '`X-Daytona-Disable-CORS: true`: nothing is added',
    { headers: { origin, 'x-daytona-disable-cors': 'true' } },
    { ...answered, headers: { 'access-control-allow-origin': null } },
  ),
  differs(
    'an app that says `Access-Control-Allow-Origin` itself',
    { headers: { origin }, app: apps },
    undocumented,
    { ...answered, headers: shared },
    'exactly one says it: `CORS_MODE=app` leaves it to the app',
  ),
];
