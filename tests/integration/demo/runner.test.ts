import http from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type EmbeddedDaytona, startDaytona } from '../../../src/demo/daytona.ts';
import type { Runner } from '../../../src/demo/runner.ts';
import type { Sandbox } from '../../../src/demo/sandboxes.ts';
import { type Ask, ask, open, openWebSocket, refusedUpgrade } from '../../support/client.ts';
import { echoSockets } from '../../support/echo.ts';
import { eventually } from '../../support/eventually.ts';
import { closeServer, listen } from '../../support/rig.ts';

let daytona: EmbeddedDaytona;
let runner: Runner;
let sandbox: Sandbox;
let app: http.Server;

beforeEach(async () => {
  daytona = await startDaytona();
  [runner] = daytona.runners.all as [Runner];
  sandbox = daytona.sandboxes.create();
  app = http.createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    const { method, url, headers } = req;
    res.end(JSON.stringify({ method, url, headers, body }));
  });
  echoSockets(app);
  sandbox.ports.set(3000, await listen(app));
});
afterEach(async () => {
  await closeServer(app);
  await daytona.close();
});

const key = (at = runner) => ({ 'X-Daytona-Authorization': `Bearer ${at.apiKey}` });
const toolbox = (path: string) => `/sandboxes/${sandbox.id}/toolbox${path}`;
const get = (path: string, what: Partial<Ask> = {}, at = runner) =>
  ask(at.port, { host: 'runner.test', ...what, path, headers: { ...key(at), ...what.headers } });
const refusal = async (...asked: Parameters<typeof get>) => {
  const { status, body } = await get(...asked);
  return [status, JSON.parse(body)];
};
const gone = [404, expect.objectContaining({ message: 'sandbox container not found' })];

describe('the app behind a runner', () => {
  test('sees path, query, body and headers as they came, but a local Host and no key', async () => {
    const headers = { 'X-Forwarded-Host': 'visitor.test', 'X-Daytona-Other': 'stays' };
    const path = '//a%2Fb;c?x=%20&';
    const { body } = await get(toolbox(`/proxy/3000${path}`), {
      method: 'POST',
      body: 'hello',
      headers,
    });
    const seen = JSON.parse(body);
    expect(seen).toMatchObject({ method: 'POST', url: path, body: 'hello' });
    expect(seen.headers).toMatchObject({
      host: 'localhost:3000',
      'x-forwarded-host': 'visitor.test',
      'x-daytona-other': 'stays',
    });
    expect(seen.headers['x-daytona-authorization']).toBeUndefined();
  });

  test('gets the root where the path ends at the port', async () => {
    expect(JSON.parse((await get(toolbox('/proxy/3000'))).body).url).toBe('/');
    expect(JSON.parse((await get(toolbox('/proxy/3000?a'))).body).url).toBe('/?a');
  });

  test('speaks by WebSocket', async () => {
    const path = toolbox('/proxy/3000/any');
    const { socket, next } = await openWebSocket(runner.port, 'runner.test', path, key());
    await next();
    socket.send('hello');
    expect((await next()).data.toString()).toBe('hello');
    socket.terminate();
  });
});

describe('a runner refuses', () => {
  test('who has not its key, by request and by WebSocket', async () => {
    const path = toolbox('/proxy/3000/');
    const unauthorized = {
      statusCode: 401,
      code: 'UNAUTHORIZED',
      message: 'unauthorized: authentication failed: invalid runner key',
      path,
      timestamp: expect.any(String),
    };
    const wrong = { headers: { 'X-Daytona-Authorization': 'Bearer wrong' } };
    expect(await refusal(path, wrong)).toEqual([401, unauthorized]);
    const { status, body } = await refusedUpgrade(runner.port, 'runner.test', path);
    expect([status, JSON.parse(body)]).toEqual([401, unauthorized]);
  });

  test('its key from before a renewal', async () => {
    const headers = key();
    const renewed = runner.renewKey();
    expect(headers).not.toEqual(key());
    expect(runner.apiKey).toBe(renewed);
    expect((await get(toolbox('/version'), { headers })).status).toBe(401);
    expect((await get(toolbox('/version'))).status).toBe(200);
  });

  test('sandboxes that are not started, ports on which nothing listens, and what is unknown', async () => {
    const silent = await get(toolbox('/proxy/9999/'));
    expect([silent.status, silent.body, silent.headers['content-length']]).toEqual([502, '', '0']);
    daytona.sandboxes.stop(sandbox);
    const asleep = 'bad request: no IP address found. Is the Sandbox started?';
    const stopped = [400, expect.objectContaining({ statusCode: 400, message: asleep })];
    expect(await refusal(toolbox('/proxy/3000/'))).toEqual(stopped);
    expect(await refusal(toolbox('/version'))).toEqual(stopped);
    expect(await refusal('/sandboxes/nobody/toolbox/version')).toEqual(gone);
    // A runner knows containers, and no names.
    expect(await refusal(`/sandboxes/${sandbox.name}/toolbox/version`)).toEqual(gone);
    expect((await get('/elsewhere')).status).toBe(404);
  });

  test.each(['archived', 'archiving'])('a sandbox that is %s: it has none', async (state) => {
    sandbox.state = state;
    expect(await refusal(toolbox('/proxy/3000/'))).toEqual(gone);
  });

  test('a sandbox that has moved, which the other one has', async () => {
    const other = await daytona.runners.add();
    expect(await refusal(toolbox('/proxy/3000/'), {}, other)).toEqual(gone);
    sandbox.runner = 1;
    expect(await refusal(toolbox('/proxy/3000/'))).toEqual(gone);
    expect((await get(toolbox('/proxy/3000/'), {}, other)).status).toBe(200);
  });
});

describe('the toolbox of a sandbox', () => {
  test('tells its version, lists files, redirects and shows what it was sent', async () => {
    expect(JSON.parse((await get(toolbox('/version'))).body)).toEqual({ version: 'embedded' });
    const files = JSON.parse((await get(toolbox('/files?path=/home'))).body);
    expect(files).toContainEqual({ name: 'notes.txt', isDir: false, size: 5 });
    expect(files).toContainEqual({ name: 'src', isDir: true, size: 0 });
    expect((await get(toolbox('/files?path=/none'))).status).toBe(404);
    const { status, headers } = await get(toolbox('/redirect'));
    expect([status, headers.location]).toEqual([302, '/version']);
    const seen = await get(toolbox('/headers'), { headers: { 'X-Mine': 'yes' } });
    expect(JSON.parse(seen.body)).toMatchObject({ host: 'localhost:2280', 'x-mine': 'yes' });
    expect(seen.body).not.toContain(runner.apiKey);
  });

  test('echoes by WebSocket', async () => {
    const opened = await openWebSocket(runner.port, 'runner.test', toolbox('/ws'), key());
    opened.socket.send('hello');
    expect((await opened.next()).data.toString()).toBe('hello');
    opened.socket.terminate();
  });

  test('is what port 2280 leads to, unless the sandbox has an app there', async () => {
    const path = toolbox('/proxy/2280/version');
    expect(JSON.parse((await get(path)).body)).toEqual({ version: 'embedded' });
    sandbox.ports.set(2280, sandbox.ports.get(3000) ?? 0);
    expect(JSON.parse((await get(path)).body)).toMatchObject({ url: '/version' });
  });
});

describe('the log of a build', () => {
  test('is sent as far as there is one', async () => {
    const { snapshotRef } = daytona.builds.create({ lines: ['one', 'two'] });
    const path = `/snapshots/logs?snapshotRef=${encodeURIComponent(snapshotRef)}`;
    const { body, headers } = await get(path);
    expect([body, headers['content-type']]).toEqual(['one\ntwo\n', 'text/plain; charset=utf-8']);
    expect((await get('/snapshots/logs?snapshotRef=none')).status).toBe(404);
  });

  test('is followed until the build is finished', async () => {
    const build = daytona.builds.create({ lines: ['one'] });
    const ref = encodeURIComponent(build.snapshotRef);
    const path = `/snapshots/logs?snapshotRef=${ref}&follow=true`;
    const answer = await open(runner.port, { host: 'runner.test', path, headers: key() });
    let text = '';
    let ended = false;
    answer.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    answer.on('end', () => {
      ended = true;
    });
    expect(await eventually(() => text === 'one\n')).toBe(true);
    build.write('two');
    expect(await eventually(() => text === 'one\ntwo\n')).toBe(true);
    expect(ended).toBe(false);
    build.finish();
    expect(await eventually(() => ended)).toBe(true);
    expect((await get(path)).body).toBe('one\ntwo\n');
  });
});

test('a runner that was stopped refuses connections, and comes back on another port', async () => {
  const before = runner.port;
  await runner.stop();
  await expect(fetch(`http://127.0.0.1:${before}/`)).rejects.toMatchObject({
    cause: { code: 'ECONNREFUSED' },
  });
  await runner.start();
  expect(runner.port).not.toBe(before);
  expect(runner.proxyUrl).toBe(`http://127.0.0.1:${runner.port}`);
  expect((await get(toolbox('/proxy/3000/'))).status).toBe(200);
});
