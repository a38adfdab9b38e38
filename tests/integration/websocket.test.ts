import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { WebSocketServer } from 'ws';
import { ask, codeOf, openWebSocket, raw, refusedUpgrade } from '../support/client.ts';
import { echoSockets } from '../support/echo.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
let echo: WebSocketServer;

beforeEach(async () => {
  rig = await startRig();
  echo = echoSockets(rig.app);
});
afterEach(() => rig.close());

describe('WebSockets', () => {
  test('work on the very first request to the process, first message included', async () => {
    const { socket, next } = await openWebSocket(rig.proxy.port, rig.host(), '/', {
      origin: `http://${rig.host()}`,
    });
    expect(String((await next()).data)).toBe('origin http://localhost:3000');
    socket.send(Buffer.from([0, 1, 2]));
    expect(await next()).toEqual({ data: Buffer.from([0, 1, 2]), binary: true });
    socket.close(1000);
    const [code] = await once(socket, 'close');
    expect(code).toBe(1000);
  });

  test('work behind a request on the same connection that is not answered yet', async () => {
    await ask(rig.proxy.port, { host: rig.host() });
    const answer = await raw(
      rig.proxy.port,
      `GET / HTTP/1.1\r\nHost: ${rig.host()}\r\n\r\n` +
        `GET /refused HTTP/1.1\r\nHost: ${rig.host()}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).toMatch(/\r\nHTTP\/1\.1 403 Forbidden\r\n/);
  });

  test('a refused upgrade’s answer is passed on whole', async () => {
    const answer = await refusedUpgrade(rig.proxy.port, rig.host(), '/refused');
    expect(answer).toMatchObject({ status: 403, body: 'nope' });
    expect(answer.headers['x-app']).toBe('no');
    expect(answer.headers['x-proxy-error']).toBeUndefined();
  });

  test('end on both sides when either side goes', async () => {
    const { socket: client } = await openWebSocket(rig.proxy.port, rig.host());
    const [inside] = [...echo.clients];
    client.terminate();
    if (inside) await once(inside, 'close');

    const { socket: second } = await openWebSocket(rig.proxy.port, rig.host());
    for (const socket of echo.clients) socket.terminate();
    await once(second, 'close');
  });

  test('are refused by the same chain with whole answers', async () => {
    const { port } = rig.proxy;
    const reserved = await refusedUpgrade(port, rig.host(22222));
    expect([reserved.status, codeOf(reserved)]).toEqual([403, 'RESERVED_PORT']);
    const unknown = await refusedUpgrade(port, '3000-nobody.proxy.test');
    expect([unknown.status, codeOf(unknown)]).toEqual([404, 'SANDBOX_NOT_FOUND']);
    const foreign = await refusedUpgrade(port, '3000-abc.other.test');
    expect([foreign.status, codeOf(foreign)]).toEqual([400, 'INVALID_HOST']);
    const closed = await refusedUpgrade(port, rig.host(9999));
    expect([closed.status, codeOf(closed)]).toEqual([502, 'PORT_NOT_LISTENING']);
    rig.daytona.sandboxes.stop(rig.sandbox);
    const stopped = await refusedUpgrade(port, rig.host());
    expect([stopped.status, codeOf(stopped)]).toEqual([503, 'SANDBOX_NOT_RUNNING']);
  });

  test('log one access line when they end', async () => {
    const { socket } = await openWebSocket(rig.proxy.port, rig.host(), '/logged?secret=1');
    socket.close();
    await once(socket, 'close');
    await ask(rig.proxy.port, { host: rig.host() });
    const lines = rig.logs().filter(({ event, path }) => event === 'access' && path === '/logged');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ kind: 'websocket', status: 101, sandbox: rig.sandbox.id });
  });
});
