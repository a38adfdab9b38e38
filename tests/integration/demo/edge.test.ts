import http from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type EmbeddedDaytona, startDaytona } from '../../../src/demo/daytona.ts';
import type { Sandbox } from '../../../src/demo/sandboxes.ts';
import { ask } from '../../support/client.ts';
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
});
