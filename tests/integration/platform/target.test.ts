import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Runner } from '../../../src/demo/runner.ts';
import { ask, openWebSocket, raw } from '../../support/client.ts';
import { echoSockets } from '../../support/echo.ts';
import { domain, type Rig, startRig } from '../../support/rig.ts';

let rig: Rig;
let runner: Runner;
/** What came to the runner, and what of it came to the app. */
const atRunner: IncomingMessage[] = [];
const atApp: IncomingMessage[] = [];

beforeAll(async () => {
  rig = await startRig({
    platform: true,
    sandbox: { public: true },
    app: async (req, res) => {
      atApp.push(req);
      let body = '';
      for await (const chunk of req) body += chunk;
      res.setHeader('X-App', 'yes').end(`${req.method} ${body}`);
    },
  });
  echoSockets(rig.app);
  rig.app.on('upgrade', (req) => atApp.push(req));
  [runner] = rig.daytona.runners.all as [Runner];
  runner.on('request', (req) => atRunner.push(req));
});
beforeEach(() => {
  atRunner.length = 0;
  atApp.length = 0;
});
afterAll(() => rig?.close());

const path = '//a%2Fb;c?x=%20&';
/** The visitor's own, all of which end at the proxy. */
const foreign = {
  'X-Daytona-Authorization': 'Bearer mine',
  'X-Daytona-Preview-Token': 'mine',
  'X-Daytona-Anything': 'mine',
  'X-Forwarded-Host': ['elsewhere.test', 'a.test, b.test'],
};
const valuesOf = ({ rawHeaders }: IncomingMessage | { rawHeaders: string[] }, name: string) =>
  rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);
const daytonas = ({ headers }: IncomingMessage) =>
  Object.entries(headers).filter(([name]) => name.startsWith('x-daytona-'));

/** Expects the one exchange of a test to have gone by the runner, and nothing to have leaked. */
function expectCarried(appPath: string): void {
  const [carried, ...more] = atRunner;
  const [arrived, ...others] = atApp;
  if (!carried || !arrived) throw new Error('nothing arrived');
  expect([...more, ...others]).toEqual([]);
  expect(carried.url).toBe(`/sandboxes/${rig.sandbox.id}/toolbox/proxy/3000${appPath}`);
  expect(daytonas(carried)).toEqual([['x-daytona-authorization', `Bearer ${runner.apiKey}`]]);
  expect(arrived.url).toBe(appPath);
  expect(daytonas(arrived)).toEqual([]);
  expect(arrived.headers.host).toBe('localhost:3000');
  for (const at of [carried, arrived]) expect(valuesOf(at, 'x-forwarded-host')).toEqual([host()]);
}
const host = () => rig.host();

describe('a request to a public sandbox goes by its runner', () => {
  test('with path and query byte for byte, and nobody else’s headers', async () => {
    const answer = await ask(rig.proxy.port, { host: host(), path, headers: foreign });
    expect([answer.status, answer.body, answer.headers['x-app']]).toEqual([200, 'GET ', 'yes']);
    expectCarried(path);
  });

  test('with its body', async () => {
    const what = { host: host(), path, headers: foreign, method: 'POST', body: 'a body' };
    expect((await ask(rig.proxy.port, what)).body).toBe('POST a body');
    expectCarried(path);
  });

  test('also by HEAD', async () => {
    const what = { host: host(), path, headers: foreign, method: 'HEAD' };
    const { status, body, headers } = await ask(rig.proxy.port, what);
    expect([status, body, headers['x-app']]).toEqual([200, '', 'yes']);
    expect(atApp[0]?.method).toBe('HEAD');
    expectCarried(path);
  });

  test('also where the proxy has no key but its own', async () => {
    const alone = await startRig({
      platform: true,
      organizationKey: false,
      sandbox: { public: true },
      app: (_req, res) => void res.end('the app'),
    });
    try {
      expect((await ask(alone.proxy.port, { host: alone.host() })).body).toBe('the app');
      const { id } = alone.sandbox;
      const asked = alone.daytona.calls.map(({ path: at }) => at);
      expect(asked.slice(0, 2)).toEqual([`/preview/${id}/public`, `/runners/by-sandbox/${id}`]);
    } finally {
      await alone.close();
    }
  });

  test('also by HTTP/1.0, with an answer that an old client reads', async () => {
    const text = await raw(rig.proxy.port, `GET ${path} HTTP/1.0\r\nHost: ${host()}\r\n\r\n`);
    expect(text).toMatch(/^HTTP\/1\.1 200 /);
    expect(text).not.toMatch(/transfer-encoding/i);
    expect(text.endsWith('GET ')).toBe(true);
    expectCarried(path);
  });

  test('as a WebSocket, in both directions', async () => {
    const opened = await openWebSocket(rig.proxy.port, host(), path, {
      ...foreign,
      'X-Forwarded-Host': 'elsewhere.test',
    });
    await opened.next(); // What the app says first.
    opened.socket.send('hello');
    const { data } = await opened.next();
    opened.socket.close();
    await once(opened.socket, 'close');
    expect(data.toString()).toBe('hello');
    expectCarried(path);
  });

  test('asked for by its name, which runners do not know', async () => {
    const { name } = rig.sandbox;
    const named = `3000-${name}.${domain}`;
    expect((await ask(rig.proxy.port, { host: named, path })).body).toBe('GET ');
    expect(atRunner.map(({ url }) => url)).toEqual([
      `/sandboxes/${rig.sandbox.id}/toolbox/proxy/3000${path}`,
    ]);
  });
});
