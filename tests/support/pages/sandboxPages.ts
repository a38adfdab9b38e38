/** The pages about a sandbox that is not to be had, each really brought about. */
import { open } from '../client.ts';
import { type Rig, startRig } from '../rig.ts';
import { startScriptedUpstream } from '../scriptedUpstream.ts';
import { addressOf, domain, type PageState, request, until } from './pageState.ts';

const platform = { platform: true, sandbox: { public: true } };
const listening = async (rig: Rig) => {
  for (const port of [4096, 5173]) {
    rig.sandbox.ports.set(port, rig.sandbox.ports.get(3000) ?? 0);
    await request(rig, addressOf(rig, port));
  }
  await request(rig, addressOf(rig));
};
/** As Daytona's edge refuses whoever has no token that it knows. */
const toLogin = {
  location: 'https://login.example.com/?redirect_uri=https%3A%2F%2Fpreview.localhost%2Fcallback',
  'set-cookie': 'pkce_verifier=x; Path=/; HttpOnly',
};
/** With a sandbox that does not speak HTTP. */
const startBabble = async (): Promise<Rig> => {
  const upstream = await startScriptedUpstream({ answer: () => ['hello\r\n\r\n'] });
  const rig = await startRig({ env: { PROXY_DOMAIN: domain } });
  rig.daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, `:${upstream.port}`);
  return { ...rig, close: () => rig.close().then(upstream.close) };
};
const logo = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="#ffd400"/><path d="M9 17l5 5 9-11" fill="none" stroke="#000" stroke-width="4"/></svg>',
)}`;
export const brand = {
  BRAND_NAME: 'Example Sandboxes',
  BRAND_LOGO_URL: logo,
  BRAND_COLOR: '#ffd400',
};

export const sandboxPages: readonly PageState[] = [
  {
    name: 'stopped',
    code: 'SANDBOX_NOT_RUNNING',
    status: 503,
    headline: 'This sandbox is not running',
    rig: { sandbox: { state: 'stopped' }, env: { WAKE: 'off' } },
  },
  {
    name: 'starting',
    code: 'SANDBOX_STARTING',
    status: 503,
    headline: 'Your sandbox is starting',
    rig: { sandbox: { state: 'stopped' } },
    prepare: ({ daytona }) => {
      daytona.faults.startMs = 600_000;
    },
    arrive: (page) => page.locator('#state', { hasText: 'starting' }).waitFor(),
  },
  {
    name: 'did-not-start',
    code: 'SANDBOX_STARTING',
    status: 503,
    headline: 'Your sandbox did not start',
    prepare: ({ daytona }) => {
      daytona.faults.startMs = 600_000;
    },
    // Each visit has its own: of one that has failed before, that is known for a while.
    address: (rig) => addressOf(rig, 3000, rig.daytona.sandboxes.create({ state: 'stopped' }).id),
    arrive: async (page, { daytona }) => {
      await page.locator('#state', { hasText: 'starting' }).waitFor();
      const [, id = ''] = /^3000-([^.]+)/.exec(new URL(page.url()).host) ?? [];
      const sandbox = daytona.sandboxes.find(id);
      if (!sandbox) throw new Error(`no sandbox ${id}`);
      sandbox.state = 'error';
      await page.getByRole('button', { name: 'Try again' }).waitFor();
    },
    scripted: true,
  },
  {
    name: 'start-refused',
    code: 'START_REFUSED',
    status: 503,
    headline: 'This sandbox does not start',
    rig: { sandbox: { state: 'stopped' }, env: { WAKE_COOLDOWN_MS: '600000' } },
    prepare: (rig) => {
      rig.daytona.faults.startStatus = 403;
      return until(rig, addressOf(rig), 'START_REFUSED');
    },
  },
  {
    name: 'too-many-starts',
    code: 'TOO_MANY_STARTS',
    status: 503,
    headline: 'This sandbox has to wait',
    rig: { sandbox: { state: 'stopped' }, env: { WAKE_MAX: '1' } },
    prepare: (rig) => {
      rig.daytona.faults.startMs = 600_000;
      const { sandboxes } = rig.daytona;
      const other = sandboxes.find('other') ?? sandboxes.create({ id: 'other', state: 'stopped' });
      return until(rig, addressOf(rig, 3000, other.id), 'SANDBOX_STARTING');
    },
  },
  {
    name: 'nothing-listens',
    code: 'PORT_NOT_LISTENING',
    status: 502,
    headline: 'Nothing listens on port 8080',
    address: (rig) => addressOf(rig, 8080),
  },
  {
    name: 'nothing-listens-others-do',
    code: 'PORT_NOT_LISTENING',
    status: 502,
    headline: 'Nothing listens on port 8080',
    prepare: listening,
    address: (rig) => addressOf(rig, 8080),
  },
  {
    name: 'nothing-listens-branded',
    code: 'PORT_NOT_LISTENING',
    status: 502,
    headline: 'Nothing listens on port 8080',
    rig: { env: brand },
    prepare: listening,
    address: (rig) => addressOf(rig, 8080),
  },
  {
    name: 'no-such-sandbox',
    code: 'SANDBOX_NOT_FOUND',
    status: 404,
    headline: 'There is no such sandbox',
    address: (rig) => addressOf(rig, 3000, 'nobody'),
  },
  {
    name: 'unreachable',
    code: 'UPSTREAM_UNREACHABLE',
    status: 502,
    headline: 'The sandbox cannot be reached',
    prepare: ({ daytona }) => {
      daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, ':1');
    },
  },
  {
    name: 'no-answer',
    code: 'UPSTREAM_INVALID',
    status: 502,
    headline: 'The answer cannot be read',
    start: startBabble,
  },
  {
    name: 'access-renewed',
    code: 'ACCESS_RENEWED',
    status: 503,
    headline: 'Once more, please',
    rig: { sandbox: { public: true }, app: (_req, res) => res.writeHead(307, toLogin).end() },
  },
  {
    name: 'somewhere-else',
    code: 'UPSTREAM_FORBIDDEN',
    status: 502,
    headline: 'The sandbox is somewhere else',
    prepare: ({ daytona }) => {
      daytona.faults.previewUrl = () => 'https://3000-evil.edge.test';
    },
  },
  {
    name: 'circle',
    code: 'TOO_MANY_REDIRECTS',
    status: 502,
    headline: 'This page leads in a circle',
    rig: {
      ...platform,
      app: (_req, res) => res.writeHead(302, { location: '/again' }).end(),
      env: { FOLLOW_REDIRECTS: '1' },
    },
  },
  {
    name: 'busy',
    code: 'SANDBOX_BUSY',
    status: 503,
    headline: 'This sandbox is too busy',
    rig: { env: { MAX_CONNECTIONS_PER_SANDBOX: '1' }, app: (_req, res) => res.flushHeaders() },
    prepare: async (rig) => {
      const { host } = new URL(addressOf(rig));
      await open(rig.proxy.port, { host }); // Without end; a second one is refused.
    },
  },
  {
    name: 'daytona-unreachable',
    code: 'DAYTONA_UNAVAILABLE',
    status: 503,
    headline: 'Daytona is out of reach',
    prepare: ({ daytona }) => {
      daytona.faults.apiStatus = 500;
    },
  },
  {
    name: 'key-refused',
    code: 'DAYTONA_REJECTED_KEY',
    status: 502,
    headline: 'This site has lost its key',
    prepare: ({ daytona }) => {
      daytona.faults.apiStatus = 401;
    },
  },
  {
    name: 'loop',
    code: 'LOOP_DETECTED',
    status: 508,
    headline: 'This address leads in a circle',
    headers: { via: '1.1 daytona-proxy' },
  },
];
