import type { IncomingMessage } from 'node:http';
import { BlockList, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { identifyPeer, identifyVisitor, plainAddress } from '../../../src/host/visitor.ts';

const trusted = new BlockList();
trusted.addSubnet('10.0.0.0', 8, 'ipv4');
trusted.addAddress('::1', 'ipv6');

function visitorOf(peer: string, headers: Record<string, string>) {
  const socket = { remoteAddress: peer } as Socket;
  const req = { socket, headers } as unknown as IncomingMessage;
  return identifyVisitor(req, identifyPeer(socket, trusted), trusted);
}

describe('identifyVisitor', () => {
  test('believes no header of a stranger', () => {
    const visitor = visitorOf('203.0.113.9', {
      'x-forwarded-for': '1.1.1.1',
      'x-forwarded-proto': 'https',
    });
    expect(visitor).toMatchObject({ address: '203.0.113.9', proto: 'http' });
  });

  test('takes address and scheme from a trusted proxy', () => {
    const visitor = visitorOf('10.1.2.3', {
      'x-forwarded-for': '198.51.100.7',
      'x-forwarded-proto': 'https',
    });
    expect(visitor).toMatchObject({ address: '198.51.100.7', proto: 'https' });
  });

  test('reads X-Forwarded-For from the right, so that a client cannot prepend an address', () => {
    const visitor = visitorOf('::1', { 'x-forwarded-for': '6.6.6.6, 198.51.100.7, 10.9.9.9' });
    expect(visitor.address).toBe('198.51.100.7');
  });

  test('stops at what is no address', () => {
    const visitor = visitorOf('10.1.2.3', { 'x-forwarded-for': '6.6.6.6, unknown' });
    expect(visitor.address).toBe('10.1.2.3');
  });

  test('writes IPv4 in IPv6 as IPv4', () => {
    expect(plainAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(plainAddress('2001:db8::1')).toBe('2001:db8::1');
  });
});
