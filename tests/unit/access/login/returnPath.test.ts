import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  isReturnable,
  returnAddress,
  withParameter,
} from '../../../../src/access/login/returnPath.ts';
import { openRedirects } from '../../../corpus/openRedirects.ts';

const protos = ['http', 'https'] as const;
const hosts = ['3000-a.proxy.test', '3000-a.proxy.test:8080'];
const place = fc.record({ proto: fc.constantFrom(...protos), host: fc.constantFrom(...hosts) });

/** Any text at all, and such as is made of what addresses are made of. */
const signs = ['/', '\\', '?', '#', '@', ':', '.', ';', '&', '=', '%', '%2f', '%5c', '%09'];
const blanks = ['\t', '\n', '\r', '\0', ' ', '\u00a0', '\u200b', '\uff0f', '\u2215', '\ud800'];
const words = ['evil.test', 'http:', 'https://', '..', '[::1]', 'javascript:', 'a', '80'];
const hostile = fc
  .array(fc.constantFrom(...signs, ...blanks, ...words), { maxLength: 12 })
  .map((parts) => parts.join(''));
const target = fc.oneof(
  fc.string({ unit: 'binary' }),
  hostile,
  hostile.map((text) => `/${text}`),
  fc.constantFrom(...openRedirects),
);

/** Where a browser goes that follows an address, from any page. */
const reached = (address: string, from: string) => {
  const { protocol, host, username, password } = new URL(address, from);
  return { protocol, host, username, password };
};
const bases = ['https://evil.test/', 'http://3000-a.proxy.test/x', 'file:///x'];

describe('returnAddress', () => {
  test('keeps scheme and host for whatever target', () => {
    fc.assert(
      fc.property(place, target, fc.constantFrom(...bases), ({ proto, host }, text, base) => {
        const own = { protocol: `${proto}:`, host, username: '', password: '' };
        expect(reached(returnAddress(proto, host, text), base)).toEqual(own);
      }),
      { numRuns: 2_000 },
    );
  });

  test('takes a path byte for byte, and of all else nothing', () => {
    fc.assert(
      fc.property(place, target, ({ proto, host }, text) => {
        const path = text.startsWith('/') ? text : '/';
        expect(returnAddress(proto, host, text)).toBe(`${proto}://${host}${path}`);
      }),
    );
  });
});

describe('withParameter', () => {
  test('adds one that is read back, and leaves scheme, host and path', () => {
    const value = fc.oneof(fc.string({ unit: 'grapheme' }), hostile).filter(isWellFormed);
    fc.assert(
      fc.property(place, target, value, ({ proto, host }, text, given) => {
        fc.pre(!text.includes('#')); // None comes in: the host stage refuses it.
        const before = returnAddress(proto, host, text);
        const after = withParameter(before, 'CODE', given);
        expect(after.startsWith(before)).toBe(true);
        expect(after.slice(before.length)).toMatch(/^[?&]CODE=[\w.!~*'()%-]*$/);
        expect(new URL(after).searchParams.getAll('CODE').at(-1)).toBe(given);
        expect(new URL(after).host).toBe(host);
        expect(new URL(after).pathname).toBe(new URL(`${before}?`).pathname);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ['/', '/?c=v'],
    ['/?', '/?&c=v'],
    ['/?a=b', '/?a=b&c=v'],
    ['//evil.test', '//evil.test?c=v'],
  ])('%s', (path, wanted) => {
    expect(withParameter(path, 'c', 'v')).toBe(wanted);
  });
});

describe('isReturnable', () => {
  test('takes what begins with a slash and is not too long', () => {
    fc.assert(
      fc.property(target, (text) => {
        expect(isReturnable(text)).toBe(text[0] === '/' && text.length <= 1_000);
      }),
    );
    expect(isReturnable(`/${'x'.repeat(999)}`)).toBe(true);
    expect(isReturnable(`/${'x'.repeat(1_000)}`)).toBe(false);
    for (const text of ['', 'x', '\\', ' /', 'http://evil.test/', '*']) {
      expect(isReturnable(text)).toBe(false);
    }
  });
});

function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}
