import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import { openWebSocket } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Sleeper, startSleeper } from '../support/sleeper.ts';

let rig: Sleeper;
afterEach(() => rig.close());

const start = async (env: Record<string, string> = {}) => {
  rig = await startSleeper(env, { state: 'started' });
};

/**
 * The sandboxes that were reported before somebody used another one, whose report comes last: what
 * is not among them is not under way either.
 */
async function reportedSoFar(): Promise<string[]> {
  const other = rig.daytona.sandboxes.create();
  other.ports.set(3000, rig.sandbox.ports.get(3000) ?? 0);
  await rig.request({ host: rig.host(3000, other) });
  expect(await eventually(() => rig.reported().includes(other.id))).toBe(true);
  return rig.reported().filter((id) => id !== other.id);
}

describe('use of a sandbox', () => {
  test('is reported once in a while, and not counted by Daytona’s edge', async () => {
    await start();
    const before = rig.sandbox.lastActivityAt;
    for (let i = 0; i < 5; i++) await rig.request();
    expect(await reportedSoFar()).toEqual([rig.sandbox.id]);
    expect(rig.sandbox.lastActivityAt > before).toBe(true);
  });

  test('is not what a forgotten tab does', async () => {
    await start();
    const before = rig.sandbox.lastActivityAt;
    await rig.visit({ headers: { accept: 'text/event-stream' } });
    await rig.visit({ path: '/favicon.ico' });
    expect(await reportedSoFar()).toEqual([]);
    expect(rig.sandbox.lastActivityAt).toBe(before);
  });

  test.each([
    ['at once', (res: ServerResponse) => res.end()],
    ['with an event', (res: ServerResponse) => res.end('data: 1\n\n')],
    [
      'after a while',
      (res: ServerResponse) => {
        res.write('data: 1\n\n');
        setImmediate(() => res.end('data: 2\n\n'));
      },
    ],
  ])('is not the event stream that a script reconnects to, and that ends %s', async (_how, end) => {
    await start();
    rig.app.removeAllListeners('request').on('request', (req, res: ServerResponse) => {
      if (req.method === 'POST') return res.end();
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      return end(res);
    });
    await rig.visit({ headers: { accept: '*/*' } });
    expect(await reportedSoFar()).toEqual([]);
  });

  test('is what a person types into a WebSocket, and not its pings and pongs, nor a greeting', async () => {
    await start();
    const server = new WebSocketServer({ server: rig.app });
    server.on('connection', (socket) => {
      socket.ping();
      socket.send('$ ');
    });
    const { socket, next } = await openWebSocket(rig.proxy.port, rig.host());
    await next();
    const ponged = once([...server.clients][0] as WebSocket, 'pong');
    socket.ping();
    await Promise.all([ponged, once(socket, 'pong')]);
    expect(await reportedSoFar()).toEqual([]);
    socket.send('ls');
    expect(await eventually(() => rig.reported().includes(rig.sandbox.id))).toBe(true);
    socket.terminate();
  });

  test.each([
    ['connection', 1],
    ['traffic', 0],
  ])('with ACTIVITY=%s: a silent WebSocket is reported %i times', async (mode, times) => {
    await start({ ACTIVITY: mode });
    const server = new WebSocketServer({ server: rig.app });
    const { socket } = await openWebSocket(rig.proxy.port, rig.host());
    expect(await reportedSoFar()).toEqual(Array.from({ length: times }, () => rig.sandbox.id));
    const [inside] = [...server.clients];
    socket.terminate();
    if (inside) await once(inside, 'close');
  });

  test('is an open connection too with ACTIVITY=connection', async () => {
    await start({ ACTIVITY: 'connection' });
    await rig.visit({ headers: { accept: 'text/event-stream' } });
    expect(await reportedSoFar()).toEqual([rig.sandbox.id]);
  });

  test('is left to Daytona’s edge with ACTIVITY=edge', async () => {
    await start({ ACTIVITY: 'edge' });
    const before = rig.sandbox.lastActivityAt;
    await rig.request();
    expect(rig.sandbox.lastActivityAt > before).toBe(true);
    expect(rig.reported()).toEqual([]);
  });
});
