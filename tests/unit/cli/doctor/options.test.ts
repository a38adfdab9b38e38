import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { dnsServer, pin, publicUrl, silence } from '../../../../src/cli/doctor/options.ts';

describe('--resolve', () => {
  test('reads what curl writes', () => {
    expect(pin('Proxy.test:443:127.0.0.1')).toEqual([
      { host: 'proxy.test', port: 443, address: '127.0.0.1' },
    ]);
    expect(pin('*:8443:[::1]', pin('a.test:1:192.0.2.1'))).toEqual([
      { host: 'a.test', port: 1, address: '192.0.2.1' },
      { host: '*', port: 8443, address: '::1' },
    ]);
  });

  test('reads every IPv6 address, in brackets or without', () => {
    fc.assert(
      fc.property(fc.ipV6(), fc.integer({ min: 1, max: 65_535 }), (address, port) => {
        const found = { host: '*', port, address };
        expect(pin(`*:${port}:${address}`)).toEqual([found]);
        expect(pin(`*:${port}:[${address}]`)).toEqual([found]);
      }),
    );
  });

  test.each(['', 'a.test', 'a.test:443', 'a.test:443:b.test', '*.a.test:443:127.0.0.1', ':1:::1'])(
    'refuses "%s"',
    (text) => {
      expect(() => pin(text)).toThrow(/host:port:address/);
    },
  );
});

describe('--url', () => {
  test('is a scheme and a host', () => {
    expect(publicUrl('https://proxy.test:8443').origin).toBe('https://proxy.test:8443');
  });

  test.each([
    'proxy.test',
    'ftp://a.test',
    'https://a.test/x',
    'https://u:p@a.test',
    'https://a?b',
  ])('is not "%s"', (text) => {
    expect(() => publicUrl(text)).toThrow(/must be an address/);
  });
});

test('--dns is an address', () => {
  for (const server of ['1.1.1.1', '127.0.0.1:5353', '::1', '[::1]:53', '[::1]']) {
    expect(dnsServer(server)).toBe(server);
  }
  for (const server of ['', 'dns.test', '1.1.1', '1.1.1.1:', '[::g]:53']) {
    expect(() => dnsServer(server)).toThrow(/must be an address/);
  }
});

test('--slow is from a second to five minutes', () => {
  expect([silence('1'), silence('300')]).toEqual([1, 300]);
  for (const text of ['0', '301', '1.5', 'long']) expect(() => silence(text)).toThrow();
});
