import {
  answered,
  bearer,
  differs,
  type MovingRow,
  type Outcome,
  refused,
  same,
} from './daytonaProxyCase.ts';

const asleep = '400, raw JSON: `no IP address found. Is the Sandbox started?`';
const away = '400, raw JSON: `failed to get runner info`';
const gone = '404, raw JSON: `sandbox container not found`';
const stopped = { state: 'stopped' } as const;
const archived = { state: 'archived' } as const;
const down = refused(503, 'SANDBOX_NOT_RUNNING', { starts: false });
const starting = refused(503, 'SANDBOX_STARTING', {
  page: 'Your sandbox is starting',
  starts: true,
});
const woken: Outcome = { ...answered, starts: true };
const says = 'says so in words, with `Retry-After`; `WAKE=any` starts it';
const wakes = 'a live page, and then the app by itself; `WAKE=off` starts nothing';
const holds = 'is held until the app answers; `WAKE=off` starts nothing';
const cannot = 'only an organization’s key, `DAYTONA_API_KEY`, may start sandboxes';

/** Sandboxes that do not run, have moved, or have changed. */
export const states: readonly MovingRow[] = [
  differs('stopped, a program’s GET', { sandbox: stopped }, asleep, down, says),
  differs('stopped, a person', { sandbox: stopped, as: 'person' }, asleep, starting, wakes),
  differs('stopped, a POST', { sandbox: stopped, method: 'POST', body: 'x' }, asleep, woken, holds),
  differs(
    'stopped, a POST with `X-Proxy-Wait: 0`',
    { sandbox: stopped, method: 'POST', headers: { 'x-proxy-wait': '0' } },
    asleep,
    refused(503, 'SANDBOX_STARTING', { starts: true }),
    'for programs that would rather ask again; the sandbox starts all the same',
  ),
  differs('stopped, a WebSocket', { sandbox: stopped, as: 'websocket' }, asleep, down, says),
  differs(
    'stopped since a visit',
    { before: ['is visited', 'stops'], method: 'POST' },
    asleep,
    woken,
    'noticed by the runner’s refusal, and started; the refusal proves that the app has not seen it',
  ),
  differs(
    'stopped, a program’s GET',
    { sandbox: stopped, settings: 'no organization key' },
    asleep,
    down,
    'says so in words, with `Retry-After`',
  ),
  differs(
    'stopped, a person',
    { sandbox: stopped, as: 'person', settings: 'no organization key' },
    asleep,
    refused(503, 'SANDBOX_NOT_RUNNING', { page: 'not running', starts: false }),
    cannot,
  ),
  differs('archived, a program’s GET', { sandbox: archived }, away, down, says),
  differs('archived, a person', { sandbox: archived, as: 'person' }, away, starting, wakes),
  differs(
    'archived, a program’s GET',
    { sandbox: archived, settings: 'no organization key' },
    away,
    down,
    'says so in words, with `Retry-After`',
  ),
  differs(
    'stopped, its toolbox with a Daytona key',
    { sandbox: stopped, host: '{domain}', path: '/toolbox/{id}/version', headers: bearer },
    asleep,
    down,
    says,
  ),
  differs(
    'moved to another runner since a visit',
    { before: ['is visited', 'moves'] },
    `${gone}, until its runner is forgotten after 2 minutes to an hour`,
    answered,
    'the refusal itself makes the proxy ask where the sandbox lives now',
  ),
  differs(
    'moved to another runner since a visit, a WebSocket',
    { before: ['is visited', 'moves'], as: 'websocket' },
    gone,
    { status: 101, from: 'app' },
    'as above',
  ),
  differs(
    'deleted since a visit',
    { before: ['is visited', 'is deleted'] },
    gone,
    refused(404, 'SANDBOX_NOT_FOUND'),
    'says the same in words, to a person by a page',
  ),
  same(
    'private since a visit, within 2 minutes',
    { before: ['is visited', 'goes private'] },
    answered,
  ),
];

/** What counts as use, and keeps a sandbox from its automatic stop. */
export const activity: readonly MovingRow[] = [
  same('a request', {}, { ...answered, counts: true }),
  same(
    'a WebSocket in which the visitor types',
    { as: 'websocket', body: 'hello' },
    { status: 101, from: 'app', counts: true },
  ),
  differs(
    'a WebSocket on which nobody says anything',
    { as: 'websocket' },
    'is use for as long as it is open',
    { status: 101, from: 'app', counts: false },
    'a forgotten tab would keep a sandbox awake; `ACTIVITY=connection` counts it',
  ),
  same(
    '`X-Daytona-Skip-Last-Activity-Update: true`',
    { headers: { 'x-daytona-skip-last-activity-update': 'true' } },
    { ...answered, counts: false },
  ),
  differs(
    'an event stream to which a tab reconnects',
    { headers: { accept: 'text/event-stream', 'last-event-id': '7' } },
    'is use',
    { ...answered, counts: false },
    'a forgotten tab would keep a sandbox awake; `ACTIVITY=connection` counts it',
  ),
  differs(
    'a page’s favicon',
    { path: '/favicon.ico', headers: { 'sec-fetch-dest': 'image' } },
    'is use',
    { ...answered, counts: false },
    'nobody asked for it',
  ),
];
