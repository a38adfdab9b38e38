import { once } from 'node:events';
import net from 'node:net';
import { expect, test } from '@jest/globals';
import { late, within } from '../../../src/store/deadline.ts';

test('work that is done in time gives what it gives, and throws what it throws', async () => {
  expect(await within(Promise.resolve(1), 1_000)).toBe(1);
  await expect(within(Promise.reject(new Error('no')), 1_000)).rejects.toThrow('no');
});

test('work that is not is late, and what it throws afterwards is nobody’s', async () => {
  let fail: (error: Error) => void = () => {};
  const work = new Promise<never>((_, reject) => {
    fail = reject;
  });
  expect(await within(work, 1)).toBe(late);
  fail(new Error('after all'));
  await new Promise(setImmediate);
});

test('a process that was busy counts what arrived meanwhile', async () => {
  const server = net.createServer((socket) => void socket.end('here')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  await Promise.all([once(socket, 'connect'), once(server, 'connection')]);
  const waited = await new Promise<unknown>((resolve) => {
    setImmediate(() => {
      const arrived = once(socket, 'data').then(([data]) => String(data));
      resolve(within(arrived, 5));
      const end = performance.now() + 30;
      while (performance.now() < end);
    });
  });
  expect(waited).toBe('here');
  server.close();
});
