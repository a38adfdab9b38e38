import {
  answered,
  asked,
  byToolbox,
  differs,
  type MovingRow,
  type Outcome,
  refused,
  same,
  shut,
  toLogin,
  undocumented,
  whyAsked,
} from './daytonaProxyCase.ts';

const bare = '{domain}';
const nothing: Outcome = { status: 404, from: 'proxy' };
const ownPage: Outcome = { status: 200, from: 'proxy' };
const here = 'the port comes first or last; `HOST_FORMAT=port-first` is Daytona’s own way';

/** Which host names what, and what our own host serves. */
export const hosts: readonly MovingRow[] = [
  same('a public sandbox by `{port}-{id}.{domain}`', {}, answered),
  differs('`{id}-{port}.{domain}`', { host: '{id}-{port}.{domain}' }, '404', answered, here),
  differs(
    'a sandbox’s name in the place of its id',
    { host: '{port}-{name}.{domain}' },
    undocumented,
    answered,
    'names go to other sandboxes: what is decided is bound to the id that Daytona tells',
  ),
  differs(
    '`{port}-{id}` of another domain',
    { host: '{port}-{id}.elsewhere.test' },
    'the app’s answer: only the first label is read',
    nothing,
    'a domain that somebody else points here is not served',
  ),
  same('a label without a port', { host: 'my-sandbox.{domain}' }, nothing),
  same('a label without an id', { host: '3000.{domain}' }, nothing),
  differs(
    'an id that Daytona does not know',
    { sandbox: { exists: false } },
    `${toLogin}: what is not public asks for a credential`,
    refused(404, 'SANDBOX_NOT_FOUND'),
    'nobody can log in to what does not exist; guesses at ids have a budget',
  ),
  differs(
    'an id that Daytona does not know',
    { sandbox: { exists: false }, settings: 'no organization key' },
    toLogin,
    asked,
    'the proxy’s own key cannot tell it from a private one; a program cannot follow a login',
  ),
  same('the bare domain', { host: bare }, nothing),
  same('a path of the bare domain that is nobody’s', { host: bare, path: '/any/path' }, nothing),
  same('`GET /health` of the bare domain', { host: bare, path: '/health' }, ownPage),
  same('`GET /health` by address', { host: '127.0.0.1', path: '/health' }, ownPage),
  differs(
    '`GET /ready` of the bare domain',
    { host: bare, path: '/ready' },
    '404',
    ownPage,
    'says 503 from the first moment of a stop, for load balancers',
  ),
  differs(
    '`GET /stats` of the bare domain',
    { host: bare, path: '/stats' },
    '404',
    refused(401, 'UNAUTHORIZED'),
    'figures for the operator, by `STATS_TOKEN`; from the machine itself only where none is set',
  ),
  differs(
    '`GET /health` of a sandbox’s host',
    { path: '/health' },
    undocumented,
    { ...answered, seen: { url: '/health' } },
    'every path of a sandbox’s host is the sandbox’s',
  ),
];

const loginOn = (name: string, port: number) =>
  differs(name, { port, path: '/version' }, toLogin, asked, whyAsked);

/** Ports, Daytona's own ones among them. */
export const ports: readonly MovingRow[] = [
  differs(
    'a port on which nothing listens',
    { port: 9999 },
    '502 with an empty body',
    refused(502, 'PORT_NOT_LISTENING'),
    'says what to do, to a person by a page',
  ),
  loginOn('port 22222 (terminal) of a public sandbox', 22222),
  loginOn('port 2280 (toolbox) of a public sandbox', 2280),
  loginOn('port 33333 (recordings) of a public sandbox', 33333),
  same(
    'port 22222 with the preview token',
    { port: 22222, headers: { 'x-daytona-preview-token': '{token}' } },
    answered,
  ),
  same(
    'port 33333 with a Daytona key',
    { port: 33333, sandbox: shut, headers: { authorization: 'Bearer {key}' } },
    answered,
  ),
  same(
    'port 2280 with a Daytona key',
    { port: 2280, path: '/version', headers: { authorization: 'Bearer {key}' } },
    byToolbox,
  ),
  same(
    'port 22222 by its signed address',
    { port: 22222, host: '{port}-{signed}.{domain}', sandbox: shut },
    answered,
  ),
];
