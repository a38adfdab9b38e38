/**
 * Attacker: whoever owns a name on the list, or one below a wildcard.
 * Step: the name resolves to a public address when it is checked, and to 127.0.0.1, a private
 * address or the cloud's metadata when it is dialled (DNS rebinding); or to both at once.
 * Gain: a sandbox talks to what only the proxy's machine may.
 * Defence: each name is asked for once, and the addresses that were judged are those that are dialled.
 */
import type { LookupAddress } from 'node:dns';
import { afterEach, describe, expect, test } from '@jest/globals';
import { codeOf, type EgressRig, outside, startEgressRig, statusOf } from '../support/egressRig.ts';

let rig: EgressRig;
afterEach(() => rig?.close());

const entry = (address: string): LookupAddress => ({
  address,
  family: address.includes(':') ? 6 : 4,
});

test('a name that answers differently the second time is asked once', async () => {
  // Allowed is 127.0.0.1, where the server is; the second answer, 127.0.0.9, would not be.
  const answers = [['127.0.0.1'], ['127.0.0.9']];
  rig = await startEgressRig({
    env: { EGRESS_ALLOW_PRIVATE: '127.0.0.1' },
    resolve: async () => (answers.shift() ?? []).map(entry),
  });
  const first = await rig.tunnel(`api.${outside}:${rig.port}`);
  expect(statusOf(first.received)).toBe(200);
  expect([rig.dialled(), rig.asked.length]).toEqual([1, 1]);
  const second = await rig.tunnel(`api.${outside}:${rig.port}`);
  expect(second.received).toMatch(/ADDRESS_NOT_ALLOWED/);
  expect(rig.dialled()).toBe(1);
  first.socket.destroy();
});

describe('a name on the list is refused where it leads to', () => {
  test.each([
    ['loopback', ['127.0.0.1']],
    ['a public address and loopback', ['93.184.215.14', '127.0.0.1']],
    ['IPv6 loopback', ['::1']],
    ['loopback as an IPv4-mapped address', ['::ffff:127.0.0.1']],
    ['loopback through NAT64', ['64:ff9b::7f00:1']],
    ['all addresses of the machine', ['0.0.0.0']],
    ['a private network', ['10.1.2.3']],
    ['a network of a carrier', ['100.64.0.1']],
    ['the cloud’s metadata', ['169.254.169.254']],
    ['the cloud’s metadata by IPv6', ['fd00:ec2::254']],
    ['the cloud’s own services', ['168.63.129.16']],
    ['loopback as SIIT writes it', ['::ffff:0:127.0.0.1']],
    ['a link-local address', ['fe80::1']],
    ['a link-local address of an interface', ['fe80::1%lo']],
    ['no address at all', ['not-an-address']],
  ])('%s', async (_what, addresses) => {
    rig = await startEgressRig({
      env: { EGRESS_ALLOW_PRIVATE: '' },
      resolve: async () => addresses.map(entry),
    });
    const { received } = await rig.tunnel(`api.${outside}:${rig.port}`);
    expect(statusOf(received)).toBe(403);
    expect(received).toContain('EGRESS_ALLOW_PRIVATE');
    expect(rig.dialled()).toBe(0);
  });
});

test('the family that a resolver gives an address is not believed', async () => {
  const resolve = async () => [{ address: '127.0.0.1', family: 6 }];
  rig = await startEgressRig({ env: { EGRESS_ALLOW_PRIVATE: '127.0.0.1' }, resolve });
  const { socket, received } = await rig.tunnel(`api.${outside}:${rig.port}`);
  expect(statusOf(received)).toBe(200);
  socket.destroy();
});

test('a name without an address, and one that nobody answers for, are told apart', async () => {
  rig = await startEgressRig({
    env: { EGRESS_CONNECT_TIMEOUT_MS: '200' },
    allow: `none.${outside},slow.${outside}`,
    resolve: (name) => (name.startsWith('none') ? Promise.resolve([]) : new Promise(() => {})),
  });
  const none = await rig.tunnel(`none.${outside}:443`);
  expect([statusOf(none.received), codeOf(none.received)]).toEqual([502, 'HOST_UNKNOWN']);
  const slow = await rig.tunnel(`slow.${outside}:443`);
  expect([statusOf(slow.received), codeOf(slow.received)]).toEqual([504, 'HOST_TIMEOUT']);
});
