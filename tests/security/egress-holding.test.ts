/**
 * Attacker: anybody who reaches the egress proxy's port, without a credential.
 * Step: it lets itself be refused, or asks for one of the proxy's own pages, and then keeps the
 * connection by a byte now and then; or it connects again and again.
 * Gain: every place is taken, and no sandbox gets out.
 * Defence: behind a refusal a connection has a fixed time and not one that a byte renews; one page is
 * all that a connection gets; and of one address only so many are kept that are no sandbox's, of
 * which the one that came first gives way.
 */
import net from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { egressPassword } from '../../src/egress/credentials.ts';
import {
  type EgressRig,
  egressSecret,
  outside,
  sandboxId,
  startEgressRig,
} from '../support/egressRig.ts';
import { eventually } from '../support/eventually.ts';
import { RawConnection } from '../support/rawConnection.ts';

let rig: EgressRig;
afterEach(() => rig?.close());

function credential(id: string): string {
  const both = `${id}:${egressPassword(egressSecret, id)}`;
  return `Proxy-Authorization: Basic ${Buffer.from(both).toString('base64')}\r\n`;
}
/** A client that does not close its half when the other one is closed. */
const knock = () =>
  RawConnection.open(rig.egress.port, (port) =>
    net.connect({ port, host: '127.0.0.1', allowHalfOpen: true }),
  );

test('nobody keeps a connection by a byte now and then', async () => {
  rig = await startEgressRig({ env: { EGRESS_MAX_CONNECTIONS_PER_SANDBOX: '1' } });
  const target = `api.${outside}:${rig.port}`;
  const { socket } = await rig.tunnel(target);
  const cases = [
    ['407', `CONNECT ${target} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['407', 'POST http://a.test/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n'],
    ['404', 'POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n'],
    ['200', 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['429', `CONNECT ${target} HTTP/1.1\r\nHost: x\r\n${credential(sandboxId)}\r\n`],
    [
      '429',
      `POST http://a.test/ HTTP/1.1\r\nHost: x\r\n${credential(sandboxId)}Content-Length: 9999\r\n\r\n`,
    ],
    ['403', `CONNECT other.test:1 HTTP/1.1\r\nHost: x\r\n${credential('another')}\r\n`],
    ['400', 'CONNECT nonsense HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['400', 'GARBAGE\r\n\r\n'],
  ] as const;
  const kept: string[] = [];
  await Promise.all(
    cases.map(async ([status, head]) => {
      const connection = await knock();
      connection.send(head);
      const trickle = setInterval(() => connection.send('x'), 300);
      await connection.until(() => false, 10_000).catch(() => void kept.push(head));
      clearInterval(trickle);
      connection.socket.destroy();
      expect(connection.received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    }),
  );
  expect(kept).toEqual([]);
  expect(socket.destroyed).toBe(false);
  socket.destroy();
});

test('a sandbox gets in past strangers of its own address who want every place', async () => {
  rig = await startEgressRig({ env: { EGRESS_MAX_CONNECTIONS: '100' } });
  const target = `api.${outside}:${rig.port}`;
  const before = await rig.tunnel(target);
  const strangers = await Promise.all(Array.from({ length: 150 }, knock));
  const open = () => strangers.filter(({ socket }) => !socket.destroyed).length;
  for (const { socket } of strangers) socket.on('end', () => socket.destroy());
  expect(await eventually(() => open() === 64)).toBe(true);
  const tunnel = await rig.tunnel(target);
  expect(tunnel.received).toMatch(/^HTTP\/1.1 200 /);
  expect(before.socket.destroyed).toBe(false);
  expect(rig.logs('egress.crowd')[0]).toMatchObject({ client: '127.0.0.1', limit: 64 });
  for (const { socket } of [before, tunnel, ...strangers]) socket.destroy();
});

test('tunnels of sandboxes behind one address do not count as strangers', async () => {
  rig = await startEgressRig({ env: { EGRESS_MAX_CONNECTIONS: '100' } });
  const target = `api.${outside}:${rig.port}`;
  const tunnels = await Promise.all(
    Array.from({ length: 80 }, (_each, i) => rig.tunnel(target, `sandbox-${i}`)),
  );
  expect(tunnels.filter(({ socket }) => socket.destroyed)).toEqual([]);
  expect(rig.logs('egress.crowd')).toEqual([]);
  for (const { socket } of tunnels) socket.destroy();
});
