import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { SessionCommand } from '../../../src/demo/sessions/command.ts';
import { followLog } from '../../../src/demo/sessions/follow.ts';

test('who follows a log and does not read it is let go, before it fills the memory', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  client.on('error', () => {});
  const [[served]] = (await Promise.all([once(server, 'connection'), once(client, 'open')])) as [
    [WebSocket],
    unknown,
  ];
  client.pause();
  const command = new SessionCommand('yes', tmpdir(), { PATH: process.env.PATH ?? '' });
  let most = 0;
  command.on('piece', () => {
    most = Math.max(most, served.bufferedAmount);
  });
  followLog(served, command);
  await once(served, 'close');
  expect(command.exitCode).toBeUndefined();
  expect(most).toBeLessThan(32 * 1_048_576);
  command.kill();
  client.terminate();
  server.close();
});
