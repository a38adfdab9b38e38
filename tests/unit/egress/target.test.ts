import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { plainTarget, tunnelTarget, usualHost } from '../../../src/egress/target.ts';

describe('the target of a tunnel', () => {
  test.each([
    ['Example.COM:443', { host: 'example.com', port: 443, plain: false }],
    ['example.com.:8443', { host: 'example.com', port: 8443, plain: false }],
    ['2130706433:80', { host: '127.0.0.1', port: 80, plain: false }],
    ['0300.0250.0.1:1', { host: '192.168.0.1', port: 1, plain: false }],
    ['[0:0::1]:443', { host: '::1', port: 443, plain: false }],
    ['[::FFFF:127.0.0.1]:443', { host: '::ffff:7f00:1', port: 443, plain: false }],
    ['bücher.example:443', { host: 'xn--bcher-kva.example', port: 443, plain: false }],
  ])('%s is read', (text, target) => {
    expect(tunnelTarget(text)).toEqual(target);
  });

  test.each([
    'example.com',
    'example.com:',
    'example.com:0',
    'example.com:65536',
    'example.com:443/',
    'example.com:443:443',
    'user@example.com:443',
    'https://example.com:443',
    '::1:443',
    '[::1%lo]:443',
    '[127.0.0.1]:443',
    'exa mple.com:443',
    'example.com\\:443',
    '.example.com:443',
    ':443',
    '*.example.com:443',
    '1.2.3.4.5:443',
    '',
  ])('%j is refused', (text) => {
    expect(tunnelTarget(text)).toBeUndefined();
  });
});

describe('the target of a plain request', () => {
  test('is read from a whole URL', () => {
    const target = { host: 'example.com', port: 80, plain: true };
    expect(plainTarget('http://example.com/path?a=b@c')).toEqual(target);
    expect(plainTarget('HTTP://Example.com:80')).toEqual(target);
    expect(plainTarget('http://0x7f.1:8080/')).toEqual({
      ...target,
      host: '127.0.0.1',
      port: 8080,
    });
  });

  test.each([
    '/path',
    '*',
    'https://example.com/',
    'http:/example.com/',
    'http:\\\\example.com/',
    'http://user@example.com/',
    'http://example.com\\@other.com/',
    'http://example.com:0/',
    'http://',
  ])('%j is refused', (text) => {
    expect(plainTarget(text)).toBeUndefined();
  });
});

test('a host’s usual form is its own usual form, whatever it was', () => {
  fc.assert(
    fc.property(fc.oneof(fc.domain(), fc.ipV4Extended(), fc.string()), (text) => {
      const host = usualHost(text);
      if (host === undefined || host.includes(':')) return;
      expect(usualHost(host)).toBe(host);
    }),
  );
});
