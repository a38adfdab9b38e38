import { once } from 'node:events';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type WebSocket, WebSocketServer } from 'ws';
import { openWebSocket } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Sleeper, startSleeper } from '../support/sleeper.ts';

let rig: Sleeper;
afterEach(() => rig.close());

describe('use of a sandbox', () => {
  const reports = () => rig.reported().length;
  const running = { state: 'started' };

  test('is reported once in a while, and not counted by Daytona’s edge', async () => {
    rig = await startSleeper({}, running);
    const before = rig.sandbox.lastActivityAt;
    for (let i = 0; i < 5; i++) await rig.request();
    expect(await eventually(() => reports() === 1)).toBe(true);
    expect(reports()).toBe(1);
    expect(rig.sandbox.lastActivityAt > before).toBe(true);
  });

  test('is not what a forgotten tab does', async () => {
    rig = await startSleeper({}, running);
    const before = rig.sandbox.lastActivityAt;
    await rig.visit({ headers: { accept: 'text/event-stream' } });
    await rig.visit({ path: '/favicon.ico' });
    expect(reports()).toBe(0);
    expect(rig.sandbox.lastActivityAt).toBe(before);
  });

  test('is what a person types into a WebSocket, and not its pings and pongs', async () => {
    rig = await startSleeper({}, running);
    const server = new WebSocketServer({ server: rig.app });
    server.on('connection', (socket) => socket.ping());
    const { socket } = await openWebSocket(rig.proxy.port, rig.host());
    const ponged = once([...server.clients][0] as WebSocket, 'pong');
    socket.ping();
    await Promise.all([ponged, once(socket, 'pong')]);
    expect(reports()).toBe(0);
    socket.send('ls');
    expect(await eventually(() => reports() === 1)).toBe(true);
    socket.terminate();
  });

  test('is an open connection too with ACTIVITY=connection', async () => {
    rig = await startSleeper({ ACTIVITY: 'connection' }, running);
    await rig.visit({ headers: { accept: 'text/event-stream' } });
    expect(await eventually(() => reports() === 1)).toBe(true);
  });

  test('is left to Daytona’s edge with ACTIVITY=edge', async () => {
    rig = await startSleeper({ ACTIVITY: 'edge' }, running);
    const before = rig.sandbox.lastActivityAt;
    await rig.request();
    expect(rig.sandbox.lastActivityAt > before).toBe(true);
    expect(reports()).toBe(0);
  });
});
