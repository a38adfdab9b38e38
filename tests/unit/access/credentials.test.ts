import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cookiesNamed } from '../../../src/access/cookies.ts';
import { findCredentials, takeQuery } from '../../../src/access/credentials.ts';
import { withoutOwnCookies } from '../../../src/proxy/cookie.ts';

const name = 'DAYTONA_SANDBOX_AUTH_KEY';

describe('takeQuery', () => {
  test.each([
    ['/', undefined, '/'],
    ['/?a=1', undefined, '/?a=1'],
    [`/?${name}=k`, 'k', '/'],
    [`/p?a=%20&${name}=k&b`, 'k', '/p?a=%20&b'],
    [`/?${name}=a%2Bb`, 'a+b', '/'],
    [`/?${name}=`, undefined, '/'],
    [`/?${name}`, undefined, '/'],
    [`/?${name}=a&${name}=b`, undefined, '/'],
    [`/?${name}=%`, undefined, '/'],
    [`/?x${name}=k`, undefined, `/?x${name}=k`],
    [`/${name}=k`, undefined, `/${name}=k`],
    [`/?a=1&&${name}=k&&`, 'k', '/?a=1&&&'],
  ])('%s', (target, value, rest) => {
    expect(takeQuery(target, name)).toEqual({ value, rest });
  });

  test('leaves all else byte for byte', () => {
    const part = fc.string().map((text) => text.replace(/[&?#]/g, ''));
    fc.assert(
      fc.property(fc.array(part), fc.array(part), (before, after) => {
        fc.pre(![...before, ...after].some((text) => text.split('=', 1)[0] === name));
        const target = `/path?${[...before, `${name}=k`, ...after].join('&')}`;
        const others = [...before, ...after];
        const rest = others.length > 0 ? `/path?${others.join('&')}` : '/path';
        expect(takeQuery(target, name)).toEqual({ value: 'k', rest });
      }),
    );
  });
});

describe('the visitor’s cookies', () => {
  test('arrive byte for byte without ours and Daytona’s', () => {
    expect(withoutOwnCookies('a=1; b = "x y" ;c')).toBe('a=1; b = "x y" ;c');
    expect(withoutOwnCookies('a=1; __Host-daytona-proxy=s; b=2')).toBe('a=1; b=2');
    expect(withoutOwnCookies('daytona-proxy=s; b=2')).toBe('b=2');
    expect(withoutOwnCookies('daytona-proxy=s')).toBeUndefined();
    expect(withoutOwnCookies('daytona-sandbox-auth-abc=s; x=1')).toBe('x=1');
  });

  test('are found by their whole name', () => {
    const cookie = 'xdaytona-proxy=1; daytona-proxy=2;daytona-proxy=3; daytona-proxy2=4';
    expect(cookiesNamed(cookie, 'daytona-proxy')).toEqual(['2', '3']);
    expect(cookiesNamed(undefined, 'daytona-proxy')).toEqual([]);
  });
});

test('a credential that is empty or enormous is none', () => {
  const headers = { authorization: 'Bearer ', 'x-daytona-preview-token': 'x'.repeat(9_000) };
  expect(findCredentials({ headers }, '/', 'daytona-proxy')).toEqual({
    bearer: undefined,
    previewToken: undefined,
    queryKey: undefined,
    sessions: [],
  });
});
