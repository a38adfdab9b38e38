import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { Connection, connectorOf } from '../../../src/proxy/connection.ts';
import { listen } from '../../support/rig.ts';

let server: net.Server;
let connection: Connection;
let sandbox: Promise<[Socket]>;

beforeEach(async () => {
  server = net.createServer({ allowHalfOpen: true });
  const port = await listen(server as never);
  sandbox = once(server, 'connection') as Promise<[Socket]>;
  const origin = `http://127.0.0.1:${port}`;
  const target = { origin, protocol: 'http:', host: '', hostname: '', port: '' } as const;
  const rules = { lookup: (() => {}) as never, connectTimeoutMs: 1_000, maxHeaderBytes: 16_384 };
  connection = new Connection(target, connectorOf(rules), rules.maxHeaderBytes);
});
afterEach(() => {
  connection.destroy();
  server.close();
});

/** An answer that lasts until the connection ends, read by somebody who pauses at its first byte. */
async function pausedAnswer() {
  const over = Promise.withResolvers<string>();
  const held = Promise.withResolvers<Dispatcher.DispatchController>();
  connection.dispatch(
    { path: '/', method: 'GET', headers: [] },
    {
      onResponseData: (controller) => {
        controller.pause();
        held.resolve(controller);
      },
      onResponseEnd: () => over.resolve('whole'),
      onResponseError: (_controller, error) => over.resolve(`failed: ${error.name}`),
      onRequestStart: () => {},
      onResponseStart: () => {},
    },
  );
  const [socket] = await sandbox;
  socket.on('error', () => {});
  await once(socket, 'data');
  socket.write('HTTP/1.1 200 OK\r\n\r\nhello');
  return { socket, controller: await held.promise, over: over.promise };
}

test('an answer that ends with its connection may end while it is held back', async () => {
  const { socket, controller, over } = await pausedAnswer();
  socket.end();
  await wait(50); // Nothing tells from outside that the end has arrived.
  controller.resume();
  expect(await over).toBe('whole');
});

test('and is not taken for whole where a reset ended it', async () => {
  const { socket, controller, over } = await pausedAnswer();
  socket.resetAndDestroy();
  await wait(50);
  controller.resume();
  expect(await over).toMatch(/^failed/);
});
