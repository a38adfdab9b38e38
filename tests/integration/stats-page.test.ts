import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ask, codeOf, open, openWebSocket } from '../support/client.ts';
import { echoSockets } from '../support/echo.ts';
import { eventually } from '../support/eventually.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';
import { sumOf } from '../support/scrape.ts';
import { type StatsEvents, statsEvents } from '../support/statsEvents.ts';

const browser = { accept: 'text/html,*/*;q=0.8', 'sec-fetch-mode': 'navigate' };

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
    env,
  });
  echoSockets(rig.app);
}
const visit = (path = '/') => ask(rig.proxy.port, { host: rig.host(), path });
const local = (path: string, headers = {}) =>
  ask(rig.proxy.port, { host: 'localhost', path, headers });
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

  test('does not count itself', async () => {
    await start();
    const { body } = await local('/stats', browser);
    expect(body).toContain('<span data-text="openRequests">0</span>');
  });

  test('counts those who were turned away', async () => {
    const token = 'a-stats-token-for-tests';
    const limits = { RATE_LIMIT_MAX: '4', TRUSTED_PROXIES: '127.0.0.1/32' };
    await start({ STATS_TOKEN: token, ACCESS_MODE: 'private', ...limits });
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
    // The page's own stream is nobody's traffic, from its first report on.
    expect(first?.texts).toMatchObject({ sockets: '1', streams: '1', openRequests: '1' });
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
    const refused = await ask(rig.proxy.port, { host: 'localhost', path: '/stats/events' });
    expect([codeOf(refused), refused.headers['retry-after']]).toEqual(['TOO_MANY_PAGES', '30']);
    const { body } = await local('/metrics');
    expect(sumOf(body, 'daytona_proxy_limited_total')).toBe(0);
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
