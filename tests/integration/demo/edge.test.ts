import http from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type EmbeddedDaytona, startDaytona } from '../../../src/demo/daytona.ts';
import type { Sandbox } from '../../../src/demo/sandboxes.ts';
import { ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { closeServer, listen } from '../../support/rig.ts';

let daytona: EmbeddedDaytona;
let sandbox: Sandbox;
let app: http.Server;
const get = (headers: http.OutgoingHttpHeaders = {}, label = sandbox.id, port = 3000, path = '/') =>
  ask(daytona.edgePort, { host: `${port}-${label}.preview.localhost`, path, headers });
const withToken = () => ({ 'x-daytona-preview-token': sandbox.token });

beforeEach(async () => {
  daytona = await startDaytona();
  sandbox = daytona.sandboxes.create();
  app = http.createServer((req, res) => res.end(JSON.stringify(req.headers)));
  sandbox.ports.set(3000, await listen(app));
});
afterEach(async () => {
  await closeServer(app);
  await daytona.close();
});

describe('the embedded preview edge', () => {
  test('sends a stranger to the login, and lets the token in', async () => {
    const stranger = await get();
    expect(stranger.status).toBe(307);
    expect(stranger.headers['set-cookie']?.[0]).toMatch(/^pkce_verifier=/);
    expect(stranger.headers.location).toContain(
      'redirect_uri=https%3A%2F%2Fpreview.localhost%2Fcallback',
    );
    const admitted = await get(withToken());
    expect(JSON.parse(admitted.body)).toMatchObject({ host: 'localhost:3000' });
    expect(admitted.body).not.toContain(sandbox.token);
  });

  test('takes the token from the query and a signed host too', async () => {
    const byQuery = await get({}, sandbox.id, 3000, `/?DAYTONA_SANDBOX_AUTH_KEY=${sandbox.token}`);
    expect(byQuery.status).toBe(200);
    const signed = daytona.sandboxes.sign(sandbox, 3000, 60);
    expect((await get({}, signed)).status).toBe(200);
    daytona.sandboxes.expire(signed);
    expect((await get({}, signed)).status).toBe(404);
  });

  test('passes the token on where the sandbox is public, as the real one does', async () => {
    sandbox.public = true;
    expect((await get(withToken())).body).toContain(sandbox.token);
    expect((await get({}, sandbox.id, 22222)).status).toBe(307);
  });

  test('warns browsers, unless told to skip that', async () => {
    const browser = { ...withToken(), 'user-agent': 'Mozilla/5.0', accept: 'text/html' };
    expect((await get(browser)).body).toContain('Daytona Preview - Warning');
    const skip = { ...browser, 'x-daytona-skip-preview-warning': 'true' };
    expect((await get(skip)).body).toContain('localhost:3000');
  });

  test('adds CORS of its own, unless told not to', async () => {
    const foreign = { ...withToken(), origin: 'https://a.test' };
    expect((await get(foreign)).headers['access-control-allow-origin']).toBe('https://a.test');
    const off = { ...foreign, 'x-daytona-disable-cors': 'true' };
    expect((await get(off)).headers['access-control-allow-origin']).toBeUndefined();
  });

  test('says no as the real one does', async () => {
    const silent = await get(withToken(), sandbox.id, 9999);
    expect([silent.status, silent.body, silent.headers['content-length']]).toEqual([502, '', '0']);
    daytona.sandboxes.stop(sandbox);
    const stopped = await get(withToken());
    expect([stopped.status, JSON.parse(stopped.body).message]).toEqual([
      400,
      'bad request: no IP address found. Is the Sandbox started?',
    ]);
    expect((await get({}, 'nobody')).status).toBe(404);
  });

  test('refuses as newer edges do, where that is switched on', async () => {
    daytona.faults.newerRefusal = true;
    const { status, headers, body } = await get({ 'x-daytona-preview-token': 'wrong' });
    expect([status, headers['content-length']]).toEqual([401, String(body.length)]);
    expect(headers['set-cookie']).toBeUndefined();
    expect(JSON.parse(body)).toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringMatching(/^unauthorized: authentication failed: /),
    });
  });

  test('remembers for a while that it refused a token, though it is a good one now', async () => {
    daytona.faults.refusalMemoryMs = 300;
    const good = sandbox.token;
    sandbox.token = 'of before';
    const stale = { 'x-daytona-preview-token': good };
    expect((await get(stale)).status).toBe(307);
    const refusedAt = performance.now();
    sandbox.token = good;
    expect((await get(stale)).status).toBe(307);
    expect(await eventually(async () => (await get(stale)).status === 200)).toBe(true);
    // What was asked in between made the time no longer; timers are a little early at times.
    expect(performance.now() - refusedAt).toBeGreaterThan(200);
  });

  test('remembers a refusal for that sandbox and that token alone', async () => {
    daytona.faults.refusalMemoryMs = 60_000;
    const other = daytona.sandboxes.create({ token: 'of other', ports: sandbox.ports });
    const headers = { 'x-daytona-preview-token': other.token };
    expect((await get(headers)).status).toBe(307);
    expect((await get(headers, other.id)).status).toBe(200);
    expect((await get(withToken())).status).toBe(200);
    sandbox.token = other.token;
    expect((await get(headers)).status).toBe(307);
    daytona.faults.reset();
    expect((await get(headers)).status).toBe(200);
  });

  test('finds nothing on a port until the app had its time after a start', async () => {
    daytona.faults.listenMs = 300;
    expect((await get(withToken())).status).toBe(200);
    daytona.sandboxes.stop(sandbox);
    daytona.sandboxes.start(sandbox);
    const early = await get(withToken());
    expect([early.status, early.body, early.headers['content-length']]).toEqual([502, '', '0']);
    expect(await eventually(async () => (await get(withToken())).status === 200)).toBe(true);
    expect(performance.now() - (sandbox.startedAt ?? 0)).toBeGreaterThanOrEqual(300);
  });
});
