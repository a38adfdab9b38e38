import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Ask, ask, codeOf, openWebSocket, raw } from '../support/client.ts';
import { echoSockets } from '../support/echo.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';

const adminToken = 'the-operator-of-this-very-proxy-1';
const id = '83792513-cd9e-428f-99c0-63c63bc7739c';
let rig: Rig;
let folder: string;

const start = async (env: Record<string, string> = {}) => {
  rig = await startRig({
    app: (req, res) => void res.end(req.url),
    env: { ACCESS_MODE: 'private', ADMIN_TOKEN: adminToken, ...env },
    sandbox: { id },
  });
  echoSockets(rig.app);
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shares-'));
});
afterEach(async () => {
  await rig.close();
  rmSync(folder, { recursive: true });
});

const admin = { authorization: `Bearer ${adminToken}` };
const post = (body: unknown, headers: Record<string, string> = admin) =>
  ask(rig.proxy.port, {
    host: domain,
    path: '/shares',
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
const share = async (more = {}) => {
  const { status, body } = await post({ sandboxId: id, port: 3000, ...more });
  expect(status).toBe(201);
  return JSON.parse(body) as { url: string; id: string; expiresAt: string };
};
const visit = (url: string, what: Partial<Ask> = {}) => {
  const { host, pathname, search } = new URL(url);
  return ask(rig.proxy.port, { host, path: pathname + search, ...what });
};
const end = (shareId: string, headers = admin) =>
  ask(rig.proxy.port, { host: domain, path: `/shares/${shareId}`, method: 'DELETE', headers });
const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

test('a share link opens its port without a call to Daytona, until it is ended', async () => {
  await start();
  const made = await share({ expiresInSeconds: 60 });
  expect(made.url).toMatch(`http://3000-${id}.${domain}/?DAYTONA_SANDBOX_AUTH_KEY=share.`);
  expect(Date.parse(made.expiresAt) - Date.now()).toBeLessThan(62_000);
  expect(rig.daytona.calls).toEqual([]);
  expect((await visit(made.url)).body).toBe('/');

  const first = await visit(made.url, { headers: navigation });
  expect(first.status).toBe(303);
  const cookie = first.headers['set-cookie']?.[0] ?? '';
  expect(Number(/Max-Age=(\d+)/.exec(cookie)?.[1])).toBeLessThan(62);
  const headers = { cookie: cookie.split(';', 1)[0] };
  expect((await ask(rig.proxy.port, { host: rig.host(), headers })).status).toBe(200);

  expect((await end(made.id)).status).toBe(204);
  expect((await visit(made.url)).status).toBe(401);
  expect((await ask(rig.proxy.port, { host: rig.host(), headers })).status).toBe(401);
});

test('it opens no other port and no other sandbox', async () => {
  await start();
  const other = rig.daytona.sandboxes.create({ ports: rig.sandbox.ports });
  const { search } = new URL((await share()).url);
  for (const host of [rig.host(3001), rig.host(3000, other)]) {
    expect((await ask(rig.proxy.port, { host, path: `/${search}` })).status).toBe(401);
  }
});

test('one for reading takes no writes and no WebSockets, one for a path no other', async () => {
  await start();
  const { url } = await share({ readOnly: true, pathPrefix: '/docs' });
  const { search } = new URL(url);
  const to = (path: string, method = 'GET') =>
    ask(rig.proxy.port, { host: rig.host(), path: `${path}${search}`, method });
  expect((await to('/docs')).body).toBe('/docs');
  expect((await to('/docs/a', 'HEAD')).status).toBe(200);
  expect(codeOf(await to('/docs/a', 'POST'))).toBe('SHARE_FORBIDS');
  for (const path of [
    '/',
    '/doc',
    '/docs2',
    '/docs/../x',
    '/docs/%2e%2e/x',
    '/docs//x',
    '/docs/..;/x',
  ]) {
    expect([path, codeOf(await to(path))]).toEqual([path, 'SHARE_FORBIDS']);
  }
  await expect(openWebSocket(rig.proxy.port, rig.host(), `/docs${search}`)).rejects.toThrow('403');
});

test('the app of one does not hear of another method or path', async () => {
  await start();
  rig.app.removeAllListeners('request');
  rig.app.on('request', (req, res) => res.end(Object.keys(req.headers).join()));
  const { url } = await share({ readOnly: true });
  const override = { 'x-http-method-override': 'DELETE', 'x-rewrite-url': '/admin', 'x-own': '1' };
  const { body } = await visit(url, { headers: override });
  expect(body).toContain('x-own');
  expect(body).not.toMatch(/override|rewrite/);
  const headers = { ...override, authorization: `Bearer ${rig.daytona.apiKey}` };
  expect((await visit(url, { headers })).body).toContain('x-http-method-override');
});

test('a Daytona key that sees the sandbox may share it, another may not', async () => {
  await start();
  const wanted = { sandboxId: id, port: 3000 };
  const own = { authorization: `Bearer ${rig.daytona.apiKey}` };
  const made = await post(wanted, own);
  expect(made.status).toBe(201);
  for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
    const refused = await post(wanted, headers as Record<string, string>);
    expect([refused.status, codeOf(refused)]).toEqual([401, 'SHARE_UNAUTHORIZED']);
  }
  const { id: shareId } = JSON.parse(made.body);
  expect((await end(shareId, { authorization: 'Bearer wrong' })).status).toBe(401);
  expect((await end(shareId, own)).status).toBe(204);
  expect((await end('nonsense')).status).toBe(404);
});

test.each([
  ['no JSON', '{', 'JSON'],
  ['a reserved port', { sandboxId: id, port: 22222 }, 'reserved'],
  ['a port that is none', { sandboxId: id, port: 0 }, 'port'],
  ['a way out of its path', { sandboxId: id, port: 3000, pathPrefix: '/a/../b' }, 'pathPrefix'],
  ['too long a time', { sandboxId: id, port: 3000, expiresInSeconds: 2_592_001 }, 'expires'],
  ['an unknown wish', { sandboxId: id, port: 3000, readonly: true }, 'readonly'],
  ['another path in its id', { sandboxId: '../x', port: 3000 }, 'sandboxId'],
])('%s is refused with a reason', async (_name, body, reason) => {
  await start();
  const answer = await post(body);
  expect([answer.status, codeOf(answer)]).toEqual([400, 'SHARE_INVALID']);
  expect(JSON.parse(answer.body).error.message).toContain(reason);
});

test('a path that is hard to read costs nobody any time', async () => {
  await start();
  const pathPrefix = `/${'a'.repeat(500)}%`;
  expect((await post({ sandboxId: id, port: 3000, pathPrefix }, {} as never)).status).toBe(401);
  expect((await post({ sandboxId: id, port: 3000, pathPrefix })).status).toBe(400);
});

test('an id that was never given out ends nothing', async () => {
  await start({ STATE_FILE: join(folder, 'revoked') });
  expect((await end(`${id}.${'a'.repeat(24)}`)).status).toBe(404);
  const made = await share();
  await end(made.id);
  await end(made.id);
  const lines = readFileSync(join(folder, 'revoked'), 'utf8').trim().split('\n');
  expect(lines).toHaveLength(1);
});

test('a client that waits for our word before its body has it', async () => {
  await start();
  const body = JSON.stringify({ sandboxId: id, port: 3000 });
  const answer = await raw(
    rig.proxy.port,
    `POST /shares HTTP/1.1\r\nHost: ${domain}\r\nAuthorization: Bearer ${adminToken}\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 /);
});

test('a WebSocket that came by a link ends with it', async () => {
  await start();
  const made = await share();
  const { host, search } = new URL(made.url);
  const { socket } = await openWebSocket(rig.proxy.port, host, `/${search}`);
  const closed = once(socket, 'close');
  await end(made.id);
  await closed;
});

test('what was ended stays so when the proxy starts again', async () => {
  const env = { STATE_FILE: join(folder, 'revoked'), COOKIE_SECRET: 's'.repeat(32) };
  await start(env);
  const [ended, living] = [await share(), await share()];
  await end(ended.id);
  await rig.close();
  await start(env);
  expect((await visit(ended.url)).status).toBe(401);
  expect((await visit(living.url)).status).toBe(200);
  expect(readFileSync(env.STATE_FILE, 'utf8')).toContain(ended.id);
});

test('without a file to remember it in, no link and no session of it outlive the proxy', async () => {
  const env = { COOKIE_SECRET: 's'.repeat(32) };
  await start(env);
  const { url } = await share();
  const first = await visit(url, { headers: navigation });
  const headers = { cookie: first.headers['set-cookie']?.[0]?.split(';', 1)[0] };
  await rig.close();
  await start(env);
  expect((await visit(url)).status).toBe(401);
  expect((await ask(rig.proxy.port, { host: rig.host(), headers })).status).toBe(401);
});
