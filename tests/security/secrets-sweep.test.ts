/**
 * Attacker: whoever reads what this proxy writes: its logs, its pages, what an app receives, what
 * Daytona is asked. Step: waits until somebody else's visit, good or bad, leaves a secret there.
 * Gain: an API key, a token, a session or a share link of another. Defence: secrets go where they
 * are checked and nowhere else; logs and errors name the method, never what was shown.
 */
import http, { type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { closeServer, domain, listen, type Rig, startRig } from '../support/rig.ts';
import { valuesOf } from '../support/strictAnswer.ts';

type Sandbox = Rig['sandbox'];

interface Note {
  readonly where: string;
  readonly text: string;
}

interface Visit {
  readonly host: string;
  readonly method?: string;
  readonly path?: string;
  readonly fields?: readonly string[];
  readonly body?: string;
}

const adminToken = 'an-admin-token-of-the-sweep-0123456789';
const statsToken = 'a-stats-token-of-the-sweep-0123456789';
const cookieSecret = 'a-cookie-secret-of-the-sweep-0123456789';
const planted = 'planted-secret-of-the-sweep-0123456789';

let rig: Rig;
let other: Sandbox;
let apiTap: Server;
/** Every answer as it came off the wire, without what was given out on purpose. */
const answers: Note[] = [];
/** Every byte that the app received. */
const received: Note[] = [];
/** Every call to Daytona; `credential` is what it was made with. */
const calls: (Note & { readonly path: string; readonly credential: string })[] = [];
/** Every secret of this run by its name. */
const secrets = new Map<string, string>();
/** What was shown as a bearer at a sandbox, which Daytona is asked about for that sandbox. */
const shown: { readonly bearer: string; readonly sandbox: Sandbox }[] = [];
/** Status and error code of every visit. */
const outcomes = new Set<string>();

beforeAll(async () => {
  apiTap = http.createServer(tapApi);
  const port = await listen(apiTap);
  rig = await startRig({
    app: (req, res) => {
      req.on('error', () => {});
      if (req.url?.startsWith('/broken')) req.socket.destroy();
      else if (req.url === '/echo') res.end(String(req.headers['x-of-the-app']));
      else req.resume().on('end', () => res.end('app'));
    },
    env: {
      ACCESS_MODE: 'private',
      ADMIN_TOKEN: adminToken,
      STATS_TOKEN: statsToken,
      COOKIE_SECRET: cookieSecret,
      DAYTONA_API_URL: `http://127.0.0.1:${port}/api`,
      RATE_LIMIT_MAX: '0',
      AUTH_FAILURES_MAX: '0',
      WAKE_HOLD_MS: '50', // A start that must wait for the one before is not waited for here.
    },
  });
  rig.app.on('connection', (socket) => {
    const at = received.push({ where: 'the app', text: '' }) - 1;
    socket.on('data', (chunk: Buffer) => {
      const { text } = received[at] as Note;
      received[at] = { where: 'the app', text: text + chunk.toString('latin1') };
    });
  });
  rig.app.on('upgrade', (_req, socket) => {
    socket.on('error', () => {}).on('end', () => socket.end());
    socket.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.on('data', (chunk: Buffer) => socket.write(chunk));
  });
  other = rig.daytona.sandboxes.create({ ports: rig.sandbox.ports });
  secrets.set('the API key', rig.daytona.apiKey);
  secrets.set('ADMIN_TOKEN', adminToken);
  secrets.set('STATS_TOKEN', statsToken);
  secrets.set('COOKIE_SECRET', cookieSecret);
  secrets.set('the preview token', rig.sandbox.token);
  secrets.set('the preview token of the other sandbox', other.token);
  await visitAll();
}, 60_000);
afterAll(async () => {
  await rig.close();
  await closeServer(apiTap);
});

/** Hands a call on to the embedded Daytona, and writes all of it down. */
const tapApi: http.RequestListener = async (req, res) => {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  const { authorization = '', ...headers } = req.headers;
  const text = `${req.method} ${req.url}\n${JSON.stringify(headers)}\n${body.toString('latin1')}`;
  const credential = authorization.replace(/^Bearer /, '');
  calls.push({ where: `Daytona, ${req.url}`, text, path: req.url ?? '', credential });
  const target = new URL(req.url ?? '/', rig.daytona.apiUrl);
  const onward = http.request(target, { method: req.method ?? 'GET', headers: req.headers });
  onward.on('response', (answer) => {
    res.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
    answer.pipe(res);
  });
  onward.on('error', () => res.destroy());
  onward.end(body);
};

/** Makes one visit on a connection of its own, and writes down what comes back. */
async function visit({ host, method = 'GET', path = '/', fields = [], body = '' }: Visit) {
  const upgrades = fields.includes('Upgrade: websocket');
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  const last = upgrades ? 'Connection: Upgrade' : 'Connection: close';
  const head = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, ...fields, ...length, last];
  const connection = await RawConnection.open(rig.proxy.port);
  let text = '';
  connection.socket.on('data', (chunk) => {
    text += chunk;
  });
  connection.send(`${head.join('\r\n')}\r\n\r\n${body}`);
  const answer = await connection.read(method);
  if (answer?.status === 101) {
    connection.send('through the tunnel');
    await connection.until((got) => got.includes('through the tunnel'));
  }
  connection.socket.destroy();
  const given = valuesOf(answer?.fields ?? [], 'set-cookie');
  for (const line of given) {
    const [, name, value] = /^(daytona-proxy(?:-stats)?)=([^;]+)/.exec(line) ?? [];
    if (value === undefined) continue;
    secrets.set(`session ${secrets.size}`, value);
    text = text.replace(`Set-Cookie: ${name}=${value};`, '');
  }
  answers.push({ where: `the answer to ${method} ${host}${path.split('?', 1)[0]}`, text });
  outcomes.add(`${answer?.status} ${valuesOf(answer?.fields ?? [], 'x-proxy-error')}`);
  return { answer, cookie: given[0]?.split(';', 1)[0] ?? '' };
}

/** Makes a share link; its url is what the answer is for. */
async function share(sandbox: Sandbox): Promise<string> {
  const { answer } = await shares(adminToken, sandbox);
  const { url } = JSON.parse(answer?.body ?? '') as { url: string };
  const key = new URL(url).searchParams.get('DAYTONA_SANDBOX_AUTH_KEY') ?? '';
  secrets.set(`share key ${secrets.size}`, key);
  const note = answers.pop() as Note;
  answers.push({ ...note, text: note.text.replace(`"url":"${url}"`, '') });
  return key;
}

function shares(bearer: string, sandbox: Sandbox, more = {}) {
  const body = JSON.stringify({ sandboxId: sandbox.id, port: 3000, ...more });
  const fields = [`Authorization: Bearer ${bearer}`];
  return visit({ host: domain, method: 'POST', path: '/shares', fields, body });
}

/** A secret that opens nothing. */
function wrong(what: string): string {
  const secret = `wrong-${what}-of-the-sweep-0123456789`;
  secrets.set(secret, secret);
  return secret;
}

/** What one request shows. */
interface Shown {
  readonly fields?: readonly string[];
  readonly query?: string;
}

const bearer = (secret: string, sandbox: Sandbox): Shown => {
  shown.push({ bearer: secret, sandbox });
  return { fields: [`Authorization: Bearer ${secret}`] };
};
const token = (secret: string): Shown => ({ fields: [`X-Daytona-Preview-Token: ${secret}`] });
const key = (secret: string): Shown => ({ query: `DAYTONA_SANDBOX_AUTH_KEY=${secret}` });
const cookie = (pair: string): Shown => ({ fields: [`Cookie: a=1; ${pair}; b=2`] });
const both = (a: Shown, b: Shown): Shown => ({
  fields: [...(a.fields ?? []), ...(b.fields ?? [])],
  query: [a.query, b.query].filter((part) => part !== undefined).join('&'),
});

const page = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Accept: text/html'];
const socket = [
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

/** Everything that can be shown at a sandbox, good and bad. */
function credentials(sandbox: Sandbox, foreign: Sandbox, made: Record<string, string>): Shown[] {
  const { session = '', foreignSession = '', shared = '', foreignShare = '' } = made;
  const mine = () => cookie(session);
  return [
    {},
    bearer(rig.daytona.apiKey, sandbox),
    bearer(wrong('bearer'), sandbox),
    bearer(sandbox.token, sandbox),
    { fields: [`Authorization: Basic ${wrong('basic')}`] },
    token(sandbox.token),
    token(foreign.token),
    token(wrong('token')),
    key(sandbox.token),
    key(foreign.token),
    key(wrong('key')),
    key(`${sandbox.token}&DAYTONA_SANDBOX_AUTH_KEY=${wrong('second-key')}`),
    key(shared),
    key(foreignShare),
    key(`share.${wrong('share')}`),
    cookie(session),
    cookie(foreignSession),
    cookie(`daytona-proxy=${wrong('session')}`),
    cookie(`daytona-proxy=${wrong('session')}; ${session}`),
    both(mine(), token(wrong('token'))),
    both(mine(), key(wrong('key'))),
    both(mine(), key(shared)),
    both(bearer(rig.daytona.apiKey, sandbox), cookie(`daytona-proxy=${wrong('session')}`)),
    both(token(sandbox.token), key(wrong('key'))),
    both(key(sandbox.token), token(wrong('token'))),
  ];
}

/** Shows one thing in the ways in which a visitor comes; the rarer ones only where all is well. */
async function show(host: string, path: string, what: Shown, rarer: boolean): Promise<void> {
  const { fields = [], query } = what;
  const target = `${path}?a=1${query ? `&${query}` : ''}&b`;
  const origin = [...fields, `Origin: http://${host}`];
  const ways: Visit[] = [
    { host, fields },
    { host, fields: [...fields, ...page] },
    { host, fields: origin, method: 'POST', body: 'a body' },
    { host, fields: [...origin, ...socket] },
  ];
  if (rarer) {
    ways.push(
      { host, fields, method: 'HEAD' },
      { host, fields: [...fields, 'Origin: http://3000-evil.proxy.test', ...socket] },
      { host, fields: [...fields, 'Host: two.test'] },
      { host, fields: [...fields, `X: ${'x'.repeat(17_000)}`] },
    );
  }
  await Promise.all(ways.map((way) => visit({ ...way, path: target })));
}

/** States of Daytona, of a sandbox and of an app; each is there for a round of visits. */
const states: readonly { readonly name: string; readonly port?: number; readonly path?: string }[] =
  [
    { name: 'all well' },
    { name: 'an app that breaks off', path: '/broken' },
    { name: 'a port where nothing listens', port: 3001 },
    { name: 'a reserved port', port: 22222 },
    { name: 'stopped' },
    { name: 'archived' },
    { name: 'Daytona rejects our key', port: 3003 }, // Before it is left alone for its failures.
    { name: 'Daytona fails', port: 3002 },
    { name: 'Daytona answers nonsense', port: 3004 },
    { name: 'deleted', port: 3005 },
  ];

function enter(name: string): void {
  const { faults, sandboxes } = rig.daytona;
  faults.reset();
  if (name === 'Daytona fails') faults.apiStatus = 500;
  if (name === 'Daytona rejects our key') faults.apiStatus = 401;
  if (name === 'Daytona answers nonsense') faults.apiMalformed = true;
  for (const sandbox of [rig.sandbox, other]) {
    if (name === 'stopped') sandboxes.stop(sandbox);
    if (name === 'archived') sandboxes.archive(sandbox);
    if (name === 'deleted') sandboxes.delete(sandbox);
  }
}

async function visitAll(): Promise<void> {
  const pairs = [
    [rig.sandbox, other],
    [other, rig.sandbox],
  ] as const;
  const made = new Map<Sandbox, { session: string; shared: string }>();
  for (const [sandbox] of pairs) {
    const path = `/?DAYTONA_SANDBOX_AUTH_KEY=${sandbox.token}`;
    const { cookie } = await visit({ host: rig.host(3000, sandbox), path, fields: page });
    made.set(sandbox, { session: cookie, shared: await share(sandbox) });
    const bad = wrong('admin');
    shown.push({ bearer: bad, sandbox });
    await shares(bad, sandbox);
    await shares(adminToken, sandbox, { port: 22222 });
  }
  for (const { name, port = 3000, path = '/' } of states) {
    enter(name);
    for (const [sandbox, foreign] of pairs) {
      const mine = made.get(sandbox);
      const theirs = made.get(foreign);
      const all = credentials(sandbox, foreign, {
        session: mine?.session ?? '',
        shared: mine?.shared ?? '',
        foreignSession: theirs?.session ?? '',
        foreignShare: theirs?.shared ?? '',
      });
      for (const what of all) await show(rig.host(port, sandbox), path, what, name === 'all well');
    }
    await visitOwnPages();
  }
}

async function visitOwnPages(): Promise<void> {
  for (const host of [domain, 'localhost']) {
    for (const path of ['/stats', '/health', '/missing', '/shares/nonsense']) {
      for (const secret of [statsToken, adminToken, wrong('stats')]) {
        const fields = [`Authorization: Bearer ${secret}`];
        await visit({ host, path, fields });
        await visit({ host, path, fields: [...fields, ...page] });
        await visit({ host, path, method: 'DELETE', fields });
      }
    }
    for (const secret of [statsToken, wrong('form')]) {
      const fields = [`Origin: http://${host}`, 'Content-Type: application/x-www-form-urlencoded'];
      const login = { host, method: 'POST', path: '/stats/login', body: `token=${secret}` };
      const { answer, cookie } = await visit({ ...login, fields });
      expect(answer?.status).toBe(secret === statsToken ? 303 : 401);
      await visit({ host, path: '/stats', fields: [`Cookie: ${cookie}`] });
    }
  }
}

/** A secret as it is, and as it looks where somebody wrote it in another way. */
function forms(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  const basic = Buffer.from(`:${secret}`).toString('base64').replace(/=+$/, '');
  const url = bytes.toString('base64url');
  return [
    ...new Set([secret, encodeURIComponent(secret), bytes.toString('hex'), base64, basic, url]),
  ];
}

/** Every place that has one of the secrets. */
function sweep(notes: readonly Note[], wanted: ReadonlyMap<string, string> = secrets): string[] {
  const all = [...wanted].flatMap(([name, secret]) =>
    forms(secret).map((form) => [name, form.toLowerCase()] as const),
  );
  const hits = notes.flatMap(({ where, text }) => {
    const low = text.toLowerCase();
    return all.filter(([, form]) => low.includes(form)).map(([name]) => `${name} in ${where}`);
  });
  return [...new Set(hits)];
}

const logged = () => rig.logs().map((line) => ({ where: 'the log', text: JSON.stringify(line) }));

describe('after visits with every credential in every state', () => {
  test('there was something to leak, and a place for it', () => {
    expect([...secrets.values()].every((secret) => secret.length >= 8)).toBe(true);
    expect(secrets.size).toBeGreaterThan(50);
    expect([...secrets.keys()].filter((name) => name.startsWith('session')).length).toBeGreaterThan(
      4,
    );
    for (const outcome of [
      '101 ',
      '200 ',
      '201 ',
      '303 ',
      '400 INVALID_REQUEST',
      '400 SHARE_INVALID',
      '401 LOGIN_REQUIRED',
      '401 SHARE_UNAUTHORIZED',
      '401 UNAUTHORIZED',
      '403 CROSS_SITE',
    ]) {
      expect(outcomes).toContain(outcome);
    }
    const codes = [...outcomes].join();
    for (const code of ['SANDBOX_STARTING', 'DAYTONA_UNAVAILABLE']) {
      expect(codes).toContain(code);
    }
    const events = new Set(rig.logs().map(({ event }) => event));
    for (const event of ['access', 'access.attempt', 'daytona.failed', 'daytona.rejected']) {
      expect(events).toContain(event);
    }
    expect(answers.some(({ text }) => text.includes('<!doctype html>'))).toBe(true);
    expect(answers.some(({ text }) => text.includes('"totalCached"'))).toBe(true);
    expect(received.some(({ text }) => text.includes('through the tunnel'))).toBe(true);
    expect(received.some(({ text }) => text.includes('a body'))).toBe(true);
  });

  test('no log line has a secret', () => {
    expect(sweep(logged())).toEqual([]);
  });

  test('no answer has a secret, but where it is given out', () => {
    expect(sweep(answers)).toEqual([]);
  });

  test('the app received no secret', () => {
    expect(sweep(received)).toEqual([]);
  });

  test('Daytona was asked with our key, or with a bearer for the sandbox where it was shown', () => {
    expect(sweep(calls)).toEqual([]);
    const odd = calls.filter(({ path, credential }) => {
      if (credential === rig.daytona.apiKey) return false;
      if (path.startsWith('/api/socket.io/')) return false; // The key comes behind the handshake.
      const [, id] = /^\/api\/preview\/([\w-]+)\/access$/.exec(path) ?? [];
      return !shown.some((one) => one.bearer === credential && one.sandbox.id === id);
    });
    expect(odd).toEqual([]);
    expect(calls.some(({ credential }) => credential !== rig.daytona.apiKey)).toBe(true);
  });
});

describe('the search finds', () => {
  const wanted = new Map([['planted', planted]]);

  test('what an app receives and says itself, and what stands in a path', async () => {
    const sandbox = rig.daytona.sandboxes.create({ ports: rig.sandbox.ports });
    const before = [answers, received].map(({ length }) => length);
    const host = rig.host(3000, sandbox);
    const token = { 'x-daytona-preview-token': sandbox.token };
    const fields = [`X-Daytona-Preview-Token: ${sandbox.token}`, `X-Of-The-App: ${planted}`];
    rig.daytona.faults.reset();
    // The API was left alone for its failures, and is tried again every other second.
    const up = async () => (await ask(rig.proxy.port, { host, headers: token })).status === 200;
    expect(await eventually(up)).toBe(true);
    const { answer } = await visit({ host, path: '/echo', fields });
    expect([answer?.status, answer?.body]).toEqual([200, planted]);
    expect(sweep(answers.slice(before[0]), wanted)).toHaveLength(1);
    expect(sweep(received.slice(before[1]), wanted)).toEqual(['planted in the app']);
    await visit({ host, path: `/${planted}` });
    expect(sweep(logged(), wanted)).toEqual(['planted in the log']);
  });

  test('it in other spellings', () => {
    const basic = Buffer.from(`:${planted}`).toString('base64');
    const spelled = [planted.toUpperCase(), Buffer.from(planted).toString('hex'), basic];
    for (const text of spelled) {
      expect(sweep([{ where: 'a text', text: `x${text}x` }], wanted)).toHaveLength(1);
    }
  });

  test('what is left out on purpose', () => {
    const keys = calls.map(({ where, credential }) => ({ where, text: credential }));
    expect(sweep(keys).length).toBeGreaterThan(0);
  });
});
