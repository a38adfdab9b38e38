import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ask, open, openWebSocket } from '../support/client.ts';
import { CookieJar } from '../support/cookieJar.ts';
import { echoSockets } from '../support/echo.ts';
import { eventually } from '../support/eventually.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';
import { type StatsEvents, statsEvents } from '../support/statsEvents.ts';

const token = 'a-stats-token-for-tests';
const browser = { accept: 'text/html,*/*;q=0.8', 'sec-fetch-mode': 'navigate' };
const ownPage = { ...browser, 'sec-fetch-dest': 'document', 'sec-fetch-site': 'same-origin' };
const action = { 'x-stats-action': 'forget' };

let rig: Rig;
const streams: StatsEvents[] = [];
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  await rig.close();
});

async function start(env: Record<string, string> = {}): Promise<void> {
  rig = await startRig({
    app: (req, res) => {
      if (req.url === '/stream') {
        res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
      } else res.writeHead(req.url === '/missing' ? 404 : 200).end('the app');
    },
    env: { STATS_TOKEN: token, ...env },
  });
  echoSockets(rig.app);
}
const visit = (path = '/') => ask(rig.proxy.port, { host: rig.host(), path });
const local = (path: string, headers = {}, method = 'GET') =>
  ask(rig.proxy.port, { host: 'localhost', path, headers, method });
const keys = async () => {
  const { body } = await local('/stats');
  return (JSON.parse(body).entries as { key: string }[]).map(({ key }) => key);
};
const listen = async (headers = {}) => {
  const stream = await statsEvents(rig.proxy.port, 'localhost', headers);
  streams.push(stream);
  return stream;
};

describe('/stats', () => {
  test('is a page for a browser, and the same JSON as ever for programs', async () => {
    await start();
    await visit();
    const page = await local('/stats', browser);
    expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.vary).toContain('Accept');
    expect(page.body).toContain(`${rig.sandbox.id}:3000`);
    for (const accept of ['*/*', 'application/json', undefined]) {
      const { headers, body } = await local('/stats', accept ? { accept } : {});
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
      expect(JSON.parse(body)).toMatchObject({ totalCached: 1, misses: 1, hits: 0 });
    }
  });

  test('lets nothing run but its own script, in no frame', async () => {
    await start();
    const { headers, body } = await local('/stats', browser);
    const policy = headers['content-security-policy'] as string;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(body).not.toMatch(
      /<script(?! type="module" src="\/stats\/page\.js"><)|style="|\son\w+=/,
    );
    const script = await local('/stats/page.js');
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(script.headers['x-content-type-options']).toBe('nosniff');
  });

  test('shows what happened, as text', async () => {
    await start();
    await visit();
    await visit('/missing');
    await visit('/missing');
    await ask(rig.proxy.port, { host: `3000-nobody.${domain}` });
    const stream = await listen();
    let report = await stream.next();
    const all = await eventually(async () => {
      if (report?.texts.requestsHour !== '4') report = await stream.next();
      return report?.texts.requestsHour === '4';
    });
    expect(all).toBe(true);
    const { texts, errors, sandboxes } = report ?? {};
    expect(texts).toMatchObject({ requestsHour: '4', hitsHour: '2', failed: '0', store: 'memory' });
    expect(errors).toContainEqual({ key: 'app 404', cells: ['app 404', '2', '2'] });
    expect(errors?.map(({ key }) => key)).toContain('SANDBOX_NOT_FOUND');
    expect(texts?.p50).toMatch(/ ms$/);
    expect(Number(texts?.apiCalls)).toBeGreaterThan(1);
    expect(sandboxes?.map(({ cells }) => [cells[0], cells[3]])).toEqual([
      [`${rig.sandbox.id}:3000`, '0'],
    ]);
    const { body } = await local('/stats', browser);
    expect(body).toContain('<span data-text="requestsHour">4</span>');
    expect(body).toContain('app 404');
  });

  test('counts those who were turned away', async () => {
    await start({ RATE_LIMIT_MAX: '4', TRUSTED_PROXIES: '127.0.0.1/32', ACCESS_MODE: 'private' });
    const from = (address: string) => ({ 'x-forwarded-for': address });
    const headers = from('203.0.113.7');
    for (let i = 0; i < 6; i++) await ask(rig.proxy.port, { host: rig.host(), headers });
    let looks = 0;
    const told = await eventually(async () => {
      looks += 1; // From an address of its own, for the operator has no more requests than others.
      const operator = { ...browser, ...from(`198.51.100.${looks}`) };
      const headers = { ...operator, authorization: `Bearer ${token}` };
      const { body } = await local('/stats', headers);
      const [, limited, refused] = /"limited">(\d+)<.*"refused">(\d+)</s.exec(body) ?? [];
      return limited === '2' && refused === '4';
    }, 1_000);
    expect(told).toBe(true);
  });
});

describe('the stream', () => {
  test('tells of open WebSockets and event streams, and of a sandbox’s connections', async () => {
    await start();
    const { socket } = await openWebSocket(rig.proxy.port, rig.host());
    const app = await open(rig.proxy.port, { host: rig.host(), path: '/stream' });
    await once(app, 'data');
    const stream = await listen();
    const first = await stream.next();
    expect(first?.texts).toMatchObject({ sockets: '1', streams: '1' });
    expect(first?.sandboxes[0]?.cells[3]).toBe('2');
    socket.close();
    await once(socket, 'close');
    app.destroy();
    let last = first;
    const closed = await eventually(async () => {
      last = await stream.next();
      return last?.texts.sockets === '0' && last.texts.streams === '0';
    });
    expect(closed).toBe(true);
    expect(last?.sandboxes[0]?.cells[3]).toBe('0');
    expect(last?.plots.open?.[0]?.at(-1)).toBe(2);
  });

  test('has no connection open at a sandbox that turned one away', async () => {
    await start({ MAX_CONNECTIONS_PER_SANDBOX: '1' });
    const app = await open(rig.proxy.port, { host: rig.host(), path: '/stream' });
    expect((await visit()).status).toBe(503);
    const stream = await listen();
    expect((await stream.next())?.sandboxes[0]?.cells[3]).toBe('1');
    app.destroy();
    const none = async () => (await stream.next())?.sandboxes[0]?.cells[3] === '0';
    expect(await eventually(none)).toBe(true);
  });

  test('has a bound on how many listen', async () => {
    await start();
    const all = await Promise.all(Array.from({ length: 25 }, () => listen()));
    const statuses = all.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(20);
    expect(statuses.filter((status) => status === 503)).toHaveLength(5);
    all.find(({ status }) => status === 200)?.close();
    expect(await eventually(async () => (await listen()).status === 200)).toBe(true);
  });

  test('ends when the proxy stops', async () => {
    await start({ SHUTDOWN_TIMEOUT_MS: '10000', DRAIN_SPREAD_MS: '0' });
    const stream = await listen();
    await stream.next();
    const begun = performance.now();
    await rig.proxy.close();
    expect(performance.now() - begun).toBeLessThan(8_000);
    expect(await stream.next()).toBeUndefined();
  });
});

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
    streams.push(stream);
    expect((await stream.next())?.texts.store).toBe('memory');
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

describe('forgetting', () => {
  test('one sandbox has Daytona asked anew', async () => {
    await start();
    const other = rig.daytona.sandboxes.create({ ports: rig.sandbox.ports });
    await visit();
    await ask(rig.proxy.port, { host: rig.host(3000, other) });
    const key = `${rig.sandbox.id}:3000`;
    const { status } = await local(`/stats/${encodeURIComponent(key)}`, action, 'DELETE');
    expect(status).toBe(204);
    expect(await keys()).toEqual([`${other.id}:3000`]);
    await visit();
    expect(JSON.parse((await local('/stats')).body).misses).toBe(3);
  });

  test('all of them leaves none', async () => {
    await start();
    await visit();
    expect((await local('/stats', action, 'DELETE')).status).toBe(204);
    expect(await keys()).toEqual([]);
    expect((await visit()).status).toBe(200);
  });

  test('works by the forms of the page, without JavaScript', async () => {
    await start();
    const post = (body: string) =>
      ask(rig.proxy.port, {
        host: 'localhost',
        path: '/stats/forget',
        method: 'POST',
        headers: { ...ownPage, 'content-type': 'application/x-www-form-urlencoded' },
        body,
      });
    await visit();
    const one = await post(`key=${encodeURIComponent(`${rig.sandbox.id}:3000`)}`);
    expect([one.status, one.headers.location, await keys()]).toEqual([303, '/stats', []]);
    await visit();
    expect([(await post('all=yes')).status, await keys()]).toEqual([303, []]);
    expect((await post('all=no')).status).toBe(404);
  });

  test('works for programs with the token, which need no more than that', async () => {
    await start();
    await visit();
    const headers = { authorization: `Bearer ${token}` };
    const what = { host: domain, path: `/stats/${rig.sandbox.id}`, method: 'DELETE', headers };
    expect((await ask(rig.proxy.port, what)).status).toBe(204);
    expect(await keys()).toEqual([]);
  });

  test('of what can be no sandbox finds nothing', async () => {
    await start();
    for (const key of ['%20', 'a%2Fb', 'a:b', 'a:123456', 'x'.repeat(201)]) {
      expect((await local(`/stats/${key}`, action, 'DELETE')).status).toBe(404);
    }
    expect((await local('/stats/%E0%A4%A', action, 'DELETE')).status).toBe(400);
  });
});
