import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask, openWebSocket } from '../../support/client.ts';
import { domain, type Rig, startRig } from '../../support/rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig({ platform: true, sandbox: { public: true } });
});
afterAll(() => rig.close());

const toolbox = (path: string, headers: Record<string, string> = owner(), method = 'GET') =>
  ask(rig.proxy.port, { host: domain, path: `/toolbox/${rig.sandbox.id}${path}`, headers, method });
const owner = () => ({ authorization: `Bearer ${rig.daytona.apiKey}` });

describe('/toolbox/{id}/{path} on the bare host', () => {
  test('reaches the sandbox’s toolbox, and no port of it', async () => {
    const answer = await toolbox('/files?path=%2Fhome');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body)).toContainEqual({ name: 'notes.txt', isDir: false, size: 5 });
  });

  test('shows the toolbox none of the visitor’s credentials, nor the runner’s key', async () => {
    const headers = { ...owner(), 'x-daytona-preview-token': rig.sandbox.token, cookie: 'a=b' };
    const seen = JSON.parse((await toolbox('/headers', headers)).body);
    expect(seen).toMatchObject({ cookie: 'a=b', 'x-forwarded-host': domain });
    expect(JSON.stringify(seen)).not.toContain(rig.daytona.apiKey);
    expect(JSON.stringify(seen)).not.toContain(rig.sandbox.token);
    expect(Object.keys(seen).filter((name) => name.startsWith('x-daytona'))).toEqual([]);
  });

  test('keeps redirects below its own address', async () => {
    const { status, headers } = await toolbox('/redirect');
    expect([status, headers.location]).toEqual([302, `/toolbox/${rig.sandbox.id}/version`]);
  });

  test('asks everybody, also of a public sandbox, and by JSON instead of a login', async () => {
    const browser = {
      accept: 'text/html',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    for (const headers of [{}, browser, { authorization: 'Bearer wrong' }]) {
      const answer = await toolbox('/version', headers);
      expect([answer.status, answer.headers['x-proxy-error']]).toEqual([401, 'LOGIN_REQUIRED']);
      expect(JSON.parse(answer.body)).toMatchObject({ error: { code: 'LOGIN_REQUIRED' } });
    }
  });

  test('takes a preview token, and gives nobody a session on the host of all', async () => {
    const { token } = rig.sandbox;
    expect((await toolbox('/version', { 'x-daytona-preview-token': token })).status).toBe(200);
    const page = { accept: 'text/html' };
    const answer = await toolbox(`/version?DAYTONA_SANDBOX_AUTH_KEY=${token}`, page);
    expect([answer.status, answer.headers['set-cookie']]).toEqual([200, undefined]);
  });

  test('carries WebSockets', async () => {
    const path = `/toolbox/${rig.sandbox.id}/ws`;
    const opened = await openWebSocket(rig.proxy.port, domain, path, owner());
    opened.socket.send('hello');
    expect(String((await opened.next()).data)).toBe('hello');
    opened.socket.terminate();
  });

  test.each([
    '/toolbox',
    '/toolbox/',
    '/toolbox/../x',
    '/Toolbox/abc/version',
    '/toolbox/a%2Fb/version',
    '//toolbox/abc/version',
  ])('is nobody’s where no sandbox is named: %s', async (path) => {
    const answer = await ask(rig.proxy.port, { host: domain, path, headers: owner() });
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([404, 'NOT_FOUND']);
  });

  test('belongs to the sandbox on a sandbox’s own host', async () => {
    const path = `/toolbox/${rig.sandbox.id}/version`;
    const answer = await ask(rig.proxy.port, { host: rig.host(), path });
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([404, undefined]);
  });
});

test('with TOOLBOX_ONLY_MODE only Daytona’s own ports are served', async () => {
  const env = { TOOLBOX_ONLY_MODE: 'true' };
  const only = await startRig({ platform: true, env, beside: rig });
  const app = await ask(only.proxy.port, { host: rig.host() });
  expect([app.status, app.headers['x-proxy-error']]).toEqual([403, 'TOOLBOX_ONLY']);
  const path = `/toolbox/${rig.sandbox.id}/version`;
  expect((await ask(only.proxy.port, { host: domain, path, headers: owner() })).status).toBe(200);
  await only.close();
});
