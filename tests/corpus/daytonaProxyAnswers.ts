import {
  answered,
  asked,
  bearer,
  byToolbox,
  differs,
  type MovingCase,
  type MovingRow,
  refused,
  same,
  shut,
  toLogin,
  undocumented,
} from './daytonaProxyCase.ts';

const followed = 'the proxy follows it, up to 10 times, and answers what it finds there';
const whyPassed =
  'the browser’s address is the right one, cookies are set; `FOLLOW_REDIRECTS` follows as Daytona’s does';
const anywhere = 'the proxy follows it too: no limit to hosts is documented';
const redirect = (name: string, location: string, own: string, why: string, daytona = followed) =>
  differs(
    name,
    { app: { status: 302, headers: { location } } },
    daytona,
    { status: 302, from: 'app', headers: { location: own } },
    why,
  );

const following = (location: string, more: MovingCase = {}): MovingCase => ({
  ...more,
  settings: 'redirects followed',
  app: { status: 302, headers: { location } },
});

/** Where the app, or the toolbox, sends the visitor elsewhere. */
export const redirects: readonly MovingRow[] = [
  redirect('to a path', '/login', '/login', whyPassed),
  redirect(
    'to `localhost` and its port',
    'http://localhost:3000/login',
    '/login',
    'brought back to our host',
  ),
  redirect(
    'to another site',
    'https://elsewhere.test/x',
    'https://elsewhere.test/x',
    'the proxy sends no visitor’s headers to anybody but the sandbox',
    anywhere,
  ),
  redirect('to itself, for ever', '/', '/', 'browsers end such loops themselves'),
  same('to a path', following('/login'), { ...answered, seen: { url: '/login' } }),
  same(
    'to a path: which fields go on',
    following('/login', { headers: { cookie: 'a=b', 'x-mine': 'yes' } }),
    { ...answered, seen: { cookie: null, 'x-mine': 'yes' } },
  ),
  differs(
    'to itself, for ever',
    following('/'),
    'loops are ended; with which answer is not documented',
    { status: 502, from: 'proxy', code: 'TOO_MANY_REDIRECTS' },
    'the app’s own fault, and said so',
  ),
  differs(
    'to another site',
    following('https://elsewhere.test/x'),
    anywhere,
    { status: 302, from: 'app', headers: { location: 'https://elsewhere.test/x' } },
    'followed within the same sandbox only; all else is the visitor’s own to follow',
  ),
  differs(
    'of the toolbox',
    { host: '{domain}', path: '/toolbox/{id}/redirect', headers: bearer },
    followed,
    { status: 302, from: 'toolbox', headers: { location: '/toolbox/{id}/version' } },
    'brought to where the toolbox stands on our host',
  ),
];

const version = { host: '{domain}', path: '/toolbox/{id}/version' } as const;
const programs = 'programs ask for the toolbox: they get JSON';
const onlyToolbox: MovingCase = { settings: 'toolbox only' };

/** `/toolbox/{id}/…` on the bare host. */
export const toolbox: readonly MovingRow[] = [
  same(
    'a Daytona key',
    { ...version, sandbox: shut, headers: bearer },
    {
      ...byToolbox,
      atRunner: { url: '/sandboxes/{id}/toolbox/version' },
    },
  ),
  same(
    'the preview token',
    { ...version, sandbox: shut, headers: { 'x-daytona-preview-token': '{token}' } },
    byToolbox,
  ),
  same(
    '`DAYTONA_SANDBOX_AUTH_KEY` in the query',
    { ...version, sandbox: shut, path: '/toolbox/{id}/version?DAYTONA_SANDBOX_AUTH_KEY={token}' },
    byToolbox,
  ),
  same(
    'a WebSocket with a Daytona key',
    { host: '{domain}', path: '/toolbox/{id}/ws', as: 'websocket', headers: bearer },
    { status: 101, from: 'toolbox' },
  ),
  differs(
    'the answer as a page',
    { ...version, headers: bearer },
    'as it is: on the origin of the proxy’s own pages',
    {
      ...byToolbox,
      headers: {
        'content-security-policy':
          'sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts',
      },
    },
    'it is a stranger’s, and would read `/stats` by the operator’s cookie',
  ),
  differs('no credential', { ...version, sandbox: shut }, toLogin, asked, programs),
  differs('no credential, a public sandbox', version, toLogin, asked, programs),
  differs('no credential, a person', { ...version, as: 'person' }, toLogin, asked, programs),
  differs(
    'a wrong key',
    { ...version, headers: { authorization: 'Bearer wrong' } },
    toLogin,
    asked,
    programs,
  ),
  differs(
    'a port of an app',
    onlyToolbox,
    undocumented,
    refused(403, 'TOOLBOX_ONLY'),
    'the setting says so',
  ),
  differs(
    'the toolbox with a Daytona key',
    { ...onlyToolbox, ...version, headers: bearer },
    undocumented,
    byToolbox,
    'the setting says so',
  ),
  differs(
    '`GET /sandboxes/{id}/build-logs` without a credential',
    { host: '{domain}', path: '/sandboxes/{id}/build-logs' },
    undocumented,
    asked,
    'the dashboard asks for it with its user’s JWT, which Daytona judges',
  ),
];

const warning = { settings: 'warning' } as const;
const skip = { 'x-daytona-skip-preview-warning': 'true' };

/** The page before a preview. */
export const warnings: readonly MovingRow[] = [
  differs(
    'a person’s first visit',
    { ...warning, as: 'person' },
    '200, a page titled `Daytona Preview - Warning`',
    { status: 200, from: 'proxy', page: 'What follows is not ours.' },
    'a page of our own, accepted for a day and one host',
  ),
  same(
    '`X-Daytona-Skip-Preview-Warning: true`',
    { ...warning, as: 'person', headers: skip },
    answered,
  ),
  differs(
    'a cookie `daytona-preview-page-accepted` from before the move',
    { ...warning, as: 'person', headers: { cookie: 'daytona-preview-page-accepted=true' } },
    'the app’s answer',
    { status: 200, from: 'proxy', page: 'What follows is not ours.' },
    'accepted for each host by itself, by a cookie that no sibling sets',
  ),
  differs('a program', warning, undocumented, answered, 'the page is for people'),
  differs(
    'a WebSocket',
    { ...warning, as: 'websocket' },
    undocumented,
    { status: 101, from: 'app' },
    'the page is for people',
  ),
];
