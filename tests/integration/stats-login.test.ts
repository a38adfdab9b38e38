import { afterEach, describe, expect, test } from '@jest/globals';
import { ask, codeOf, raw } from '../support/client.ts';
import { CookieJar } from '../support/cookieJar.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';
import { sumOf } from '../support/scrape.ts';
import { statsEvents } from '../support/statsEvents.ts';

const token = 'a-stats-token-for-tests';
const ownPage = {
  accept: 'text/html,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-site': 'same-origin',
};

let rig: Rig;
afterEach(() => rig.close());

async function start(env: Record<string, string> = {}): Promise<void> {
  rig = await startRig({ env: { STATS_TOKEN: token, ...env } });
}

describe('STATS_TOKEN in a browser', () => {
  const url = (path: string) => `http://${domain}:${rig.proxy.port}${path}`;
  const logIn = (jar: CookieJar, shown: string) =>
    jar.visit(url('/stats/login'), {
      method: 'POST',
      headers: ownPage,
      body: `token=${encodeURIComponent(shown)}`,
    });

  test('is asked for once, and opens page and stream until one signs out', async () => {
    await start();
    const jar = new CookieJar();
    const form = await jar.visit(url('/stats'));
    expect([form.status, form.headers['www-authenticate']]).toEqual([401, 'Bearer']);
    expect(form.body).toContain('action="/stats/login"');
    const answer = await logIn(jar, token);
    expect([answer.status, answer.headers.location]).toEqual([303, '/stats']);
    const [cookie] = answer.headers['set-cookie'] ?? [];
    expect(cookie).toMatch(
      /^daytona-proxy-stats=[\w.-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(cookie).not.toContain(token);
    const page = await jar.visit(url('/stats'));
    expect([page.status, page.body.includes('Sign out')]).toEqual([200, true]);
    const sent = { cookie: `daytona-proxy-stats=${jar.get(domain, 'daytona-proxy-stats')}` };
    const host = `${domain}:${rig.proxy.port}`;
    const stream = await statsEvents(rig.proxy.port, host, sent);
    expect((await stream.next())?.texts.store).toBe('memory');
    stream.close();
    await jar.visit(url('/stats/logout'), { method: 'POST', headers: ownPage });
    expect((await jar.visit(url('/stats'))).status).toBe(401);
  });

  test('is only asked for where one is set', async () => {
    await start({ STATS_TOKEN: '' });
    const { status, body } = await new CookieJar().visit(url('/stats'));
    expect([status, body.includes('<form')]).toEqual([401, false]);
  });

  test('says where it was wrong, and cannot be guessed at', async () => {
    await start({ AUTH_FAILURES_MAX: '3' });
    const jar = new CookieJar();
    for (let i = 0; i < 3; i++) {
      const { status, body } = await logIn(jar, `guess-${i}`);
      expect([status, body.includes('That is not the token.')]).toEqual([401, true]);
    }
    const right = await logIn(jar, token);
    expect([right.status, right.headers['x-proxy-error']]).toEqual([429, 'TOO_MANY_FAILURES']);
    expect(right.headers['set-cookie']).toBeUndefined();
  });

  test('cannot be guessed at as a bearer either, in any place', async () => {
    await start({ AUTH_FAILURES_MAX: '3' });
    const shown = (path: string, value: string) => {
      const headers = { authorization: `Bearer ${value}` };
      return ask(rig.proxy.port, { host: domain, path, headers });
    };
    const cookie = (await logIn(new CookieJar(), token)).headers['set-cookie']?.[0] ?? '';
    expect((await shown('/metrics', token)).status).toBe(200);
    for (const path of ['/stats', '/stats/events', '/metrics']) {
      expect((await shown(path, 'guess')).status).toBe(401);
    }
    for (const path of ['/stats', '/stats/events', '/metrics']) {
      const right = await shown(path, token);
      expect([right.status, codeOf(right)]).toEqual([429, 'TOO_MANY_FAILURES']);
    }
    expect((await logIn(new CookieJar(), token)).status).toBe(429);
    // Whoever was let in before stays in, and no guess is looked at beside his cookie.
    const headers = { cookie: cookie.split(';')[0] ?? '', authorization: 'Bearer of-a-front' };
    const host = `${domain}:${rig.proxy.port}`;
    const { body, status } = await ask(rig.proxy.port, { host, path: '/metrics', headers });
    expect(status).toBe(200);
    const attempts = (outcome: string) =>
      sumOf(body, 'daytona_proxy_auth_attempts_total', { method: 'stats', outcome });
    expect([attempts('good'), attempts('bad')]).toEqual([2, 3]);
  });

  test('is not read for a form of another page, or of a network that failed too often', async () => {
    await start({ AUTH_FAILURES_MAX: '1' });
    // Nothing of the body ever comes.
    const early = (origin: string) =>
      raw(
        rig.proxy.port,
        `POST /stats/login HTTP/1.1\r\nHost: ${domain}\r\nOrigin: ${origin}\r\n` +
          'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 20\r\n' +
          'Connection: close\r\n\r\n',
      );
    expect(await early('http://evil.test')).toMatch(/^HTTP\/1\.1 403 /);
    expect((await logIn(new CookieJar(), 'guess')).status).toBe(401);
    expect(await early(`http://${domain}`)).toMatch(/^HTTP\/1\.1 429 /);
  });

  test('is read from a small form only', async () => {
    await start();
    expect((await logIn(new CookieJar(), 'x'.repeat(5_000))).status).toBe(400);
    const headers = { ...ownPage, 'content-type': 'application/json' };
    const { status } = await ask(rig.proxy.port, {
      host: domain,
      path: '/stats/login',
      method: 'POST',
      headers,
      body: JSON.stringify({ token }),
    });
    expect(status).toBe(400);
  });

  test('is kept in a cookie that needs HTTPS where the visitor has it', async () => {
    await start({ TRUSTED_PROXIES: '127.0.0.1/32' });
    const headers = {
      ...ownPage,
      'x-forwarded-for': '203.0.113.7',
      'x-forwarded-proto': 'https',
      'content-type': 'application/x-www-form-urlencoded',
    };
    const what = { host: domain, path: '/stats/login', method: 'POST', headers };
    const answer = await ask(rig.proxy.port, { ...what, body: `token=${token}` });
    expect(answer.headers['set-cookie']?.[0]).toMatch(
      /^__Host-daytona-proxy-stats=.*; SameSite=Strict; Secure$/,
    );
  });
});
