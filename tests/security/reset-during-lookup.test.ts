/**
 * Attacker: a client. Step: opens an upgrade or a request and resets the connection while Daytona
 * is still being asked. Gain: an error event that nobody handles ends the process for everybody.
 * Defence: the socket's error handler comes first, and after the lookup nobody is dialled for.
 */
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
let reached = 0;
let port = 10_000;

beforeAll(async () => {
  rig = await startRig({
    app: (_req, res) => {
      reached += 1;
      res.end('ok');
    },
  });
  rig.app.on('upgrade', (_req, socket) => {
    reached += 1;
    socket.destroy();
  });
});
afterAll(() => rig.close());

const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
test.each([
  ['an upgrade', upgrade],
  ['a request', ''],
  ['an upload', 'Content-Length: 100\r\n'],
])('survives %s that is reset while Daytona is asked', async (_what, headers) => {
  for (let i = 0; i < 50; i++) {
    const asked = rig.daytona.calls.length;
    rig.daytona.faults.apiDelayMs = 5;
    const socket = net.connect(rig.proxy.port, '127.0.0.1');
    port += 1; // Each its own lookup.
    rig.sandbox.ports.set(port, rig.sandbox.ports.get(3000) ?? 0);
    socket.write(`GET / HTTP/1.1\r\nHost: ${rig.host(port)}\r\n${headers}\r\n`);
    await once(socket, 'connect');
    await rig.daytona.called(asked + 1);
    socket.resetAndDestroy();
    await once(socket, 'close');
  }
  rig.daytona.faults.reset();
  expect((await ask(rig.proxy.port, { host: rig.host() })).body).toBe('ok');
  expect(reached).toBe(1);
  reached = 0;
  expect(rig.proxy.openWork.counts()).toMatchObject({ openWebSockets: 0 });
});
