import type { IncomingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Ask, ask, codeOf, openWebSocket } from '../../support/client.ts';
import { CookieJar, type Page } from '../../support/cookieJar.ts';
import { echoSockets } from '../../support/echo.ts';
import { domain, type Rig, type RigOptions, startRig } from '../../support/rig.ts';

const program = { accept: '*/*' };
const person = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const warned = 'What follows is not ours.';
let seen: { method: string; url: string; headers: IncomingHttpHeaders }[] = [];
const app: RigOptions['app'] = (req, res) => {
  seen.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers });
  const forged = [
    'daytona-proxy-warned=1; Path=/',
    '__Host-daytona-proxy-warned=1; Secure; Path=/',
  ];
  res.writeHead(200, { 'set-cookie': [...forged, 'own=1'] }).end('the app');
};
const env = { PREVIEW_WARNING_ENABLED: 'true', COOKIE_SECRET: 's'.repeat(32) };
const sandbox = { id: 'one', public: true };

describe('with the warning', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({
      platform: true,
      app,
      sandbox,
      env: {
        ...env,
        TRUSTED_PROXIES: '127.0.0.1',
        EMBEDDING: 'partitioned',
        EMBEDDING_ORIGINS: 'https://a.test',
      },
    });
    echoSockets(rig.app);
  });
  afterAll(() => rig?.close());

  const origin = () => `http://${rig.host()}:${rig.proxy.port}`;
  const get = (headers: Ask['headers'], path = '/') =>
    ask(rig.proxy.port, { host: rig.host(), path, ...(headers && { headers }) });
  /** Presses the button as a browser does. */
  const press = (jar: CookieJar, page: Page, headers: Record<string, string> = {}) => {
    const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(page.body) ?? [];
    const url = new URL(action.replaceAll('&#38;', '&'), page.url).href;
    const own = { origin: origin(), 'sec-fetch-site': 'same-origin', ...person };
    return jar.visit(url, { method: 'POST', headers: { ...own, ...headers } });
  };

  test('a person sees it once, and then the very address he asked for', async () => {
    seen = [];
    const jar = new CookieJar();
    const page = await jar.visit(`${origin()}/a%2Fb?x=%3Cy&z`);
    expect([page.status, page.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(page.body).toContain(warned);
    expect(page.body).not.toContain('<script');
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none';style-src 'sha256-/,
    );
    // Under no-referrer, as on our other pages, a browser would post with `Origin: null`.
    expect(page.headers['referrer-policy']).toBe('same-origin');
    expect(seen).toEqual([]);

    const pressed = await press(jar, page);
    expect([pressed.status, pressed.location]).toEqual([303, page.url]);
    expect(pressed.headers['set-cookie']).toEqual([
      'daytona-proxy-warned=1; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax',
    ]);
    expect((await jar.visit(pressed.location ?? '')).body).toBe('the app');
    expect(seen.map(({ url }) => url)).toEqual(['/a%2Fb?x=%3Cy&z']);
  });

  test('the sandbox neither sees nor sets the cookie', async () => {
    seen = [];
    const cookie = 'a=1; daytona-proxy-warned=1; __Host-daytona-proxy-warned=1';
    const answer = await get({ ...person, cookie });
    expect(seen.map(({ headers }) => headers.cookie)).toEqual(['a=1']);
    expect(answer.headers['set-cookie']).toEqual(['own=1']);
  });

  test('only over HTTPS has the cookie the prefix by which no sibling sets it', async () => {
    const secure = { ...person, 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' };
    const sent = { ...secure, origin: `https://${rig.host()}` };
    const path = '/?DAYTONA_PROXY_ACCEPT=1';
    const pressed = await ask(rig.proxy.port, {
      host: rig.host(),
      path,
      method: 'POST',
      headers: sent,
    });
    const [cookie = ''] = pressed.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(
      /^__Host-daytona-proxy-warned=1; .*; SameSite=None; Partitioned; Secure$/,
    );
    const plain = await get({ ...secure, cookie: 'daytona-proxy-warned=1' });
    expect(plain.body).toContain(warned);
    const whole = await get({ ...secure, cookie: '__Host-daytona-proxy-warned=1' });
    expect(whole.body).toBe('the app');
  });

  test.each<[string, Ask]>([
    ['a program', { host: '', headers: program }],
    ['what a page loads', { host: '', headers: { ...person, 'sec-fetch-dest': 'image' } }],
    ['a form', { host: '', method: 'POST', headers: person }],
    ['who says so', { host: '', headers: { ...person, 'x-daytona-skip-preview-warning': 'true' } }],
  ])('%s does not see it', async (_who, what) => {
    seen = [];
    expect((await ask(rig.proxy.port, { ...what, host: rig.host() })).body).toBe('the app');
    expect(seen.map(({ headers }) => headers['x-daytona-skip-preview-warning'])).toEqual([
      undefined,
    ]);
  });

  test('who says anything else does', async () => {
    const answer = await get({ ...person, 'x-daytona-skip-preview-warning': 'false' });
    expect(answer.body).toContain(warned);
  });

  test('a WebSocket does not see it', async () => {
    const { socket, next } = await openWebSocket(rig.proxy.port, rig.host(), '/', person);
    expect(String((await next()).data)).toContain('origin');
    socket.terminate();
  });

  test.each<[string, Record<string, string>]>([
    ['of a sibling', { origin: 'http://3000-two.proxy.test', 'sec-fetch-site': 'same-site' }],
    ['of another site', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['of nobody', { origin: 'null' }],
    ['without a word', {}],
  ])('a press %s is refused, and says nothing to the sandbox', async (_whose, headers) => {
    seen = [];
    const path = '/?DAYTONA_PROXY_ACCEPT=1';
    const sent = { method: 'POST', headers: { ...program, ...headers } };
    const answer = await ask(rig.proxy.port, { host: rig.host(), path, ...sent });
    expect([answer.status, codeOf(answer)]).toEqual([403, 'CROSS_SITE']);
    expect([answer.headers['set-cookie'], seen]).toEqual([undefined, []]);
  });

  test.each([
    ['//evil.example/', '//evil.example/'],
    ['//evil.example/?x', '//evil.example/?x'],
    ['/\\evil.example/', '/\\evil.example/'],
  ])('a press at %s leads nowhere else', async (path, back) => {
    const asked = `${path}${path.includes('?') ? '&' : '?'}DAYTONA_PROXY_ACCEPT=1`;
    const headers = { origin: `http://${rig.host()}` };
    const answer = await ask(rig.proxy.port, {
      host: rig.host(),
      path: asked,
      method: 'POST',
      headers,
    });
    expect([answer.status, answer.headers.location]).toEqual([303, `http://${rig.host()}${back}`]);
  });

  test('the button of a page at //evil.example is the page’s own', async () => {
    const page = await get(person, '//evil.example/?x"><b>');
    expect(page.body).toContain('action="?x&#34;&#62;&#60;b&#62;&#38;DAYTONA_PROXY_ACCEPT=1"');
  });

  test('who came by a link that only reads can press it too, and no more', async () => {
    const shut = rig.daytona.sandboxes.create({ id: 'two', ports: rig.sandbox.ports });
    const made = await ask(rig.proxy.port, {
      host: domain,
      path: '/shares',
      method: 'POST',
      headers: { authorization: `Bearer ${rig.daytona.apiKey}` },
      body: JSON.stringify({ sandboxId: shut.id, port: 3000, readOnly: true }),
    });
    const link = new URL(JSON.parse(made.body).url);
    link.port = String(rig.proxy.port);
    const jar = new CookieJar();
    const page = await jar.follow(link.href);
    expect(page.body).toContain(warned);
    const own = { origin: link.origin };
    const pressed = await press(jar, page, own);
    expect((await jar.visit(pressed.location ?? '')).body).toBe('the app');
    const refused = await jar.visit(pressed.location ?? '', { method: 'POST', headers: own });
    expect([refused.status, refused.headers['x-proxy-error']]).toEqual([403, 'SHARE_FORBIDS']);
  });
});

describe('without the warning', () => {
  test.each<[string, () => Promise<Rig>]>([
    [
      'switched off',
      () =>
        startRig({
          platform: true,
          app,
          sandbox,
          env: { ...env, PREVIEW_WARNING_ENABLED: 'false' },
        }),
    ],
    ['in preview mode', () => startRig({ app, sandbox, env })],
  ])('%s, nobody sees it and the parameter is the app’s', async (_how, start) => {
    seen = [];
    const rig = await start();
    try {
      const path = '/?DAYTONA_PROXY_ACCEPT=1';
      for (const method of ['GET', 'POST']) {
        const asked = { host: rig.host(), path, method, headers: person };
        expect((await ask(rig.proxy.port, asked)).body).toBe('the app');
      }
      expect(seen.map(({ url }) => url)).toEqual([path, path]);
    } finally {
      await rig.close();
    }
  });
});
