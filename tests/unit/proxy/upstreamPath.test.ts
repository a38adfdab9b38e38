import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { climbs } from '../../../src/proxy/upstreamPath.ts';

describe('a path leads out of its sandbox', () => {
  test.each([
    '/..',
    '/../other',
    '/a/../../b',
    '/a/..?x',
    '/%2e%2e/x',
    '/%2E./x',
    '/a/..%2fb',
    '/a%2f..%2Fb',
    '/a\\..\\b',
    '/a%5c..%5cb',
    '/..;a=b/x',
    '/..%3bx/y',
    '/%252e%252e/x',
    '/%25252e./x',
  ])('%s', (path) => expect(climbs(path)).toBe(true));

  test('whatever else stands around it, and however it is encoded', () => {
    const encoded = (text: string, times: number): string =>
      times === 0 ? text : encoded(text.replace(/[%./]/g, hex), times - 1);
    const hex = (char: string) => `%${char.charCodeAt(0).toString(16)}`;
    fc.assert(
      fc.property(fc.webPath(), fc.webPath(), fc.integer({ min: 0, max: 3 }), (a, b, times) => {
        expect(climbs(`${a}/${encoded('..', times)}/${b}`)).toBe(true);
      }),
    );
  });
});

describe('a path stays', () => {
  test.each([
    '/',
    '//',
    '/a//b',
    '/...',
    '/..a',
    '/a..',
    '/a..b/c',
    '/.well-known/x',
    '/./a',
    '/a?x=/../y',
    '/a?next=%2e%2e%2f',
    '/%2525',
    '/%',
    '/100%25',
    '/v1..v2',
  ])('%s', (path) => expect(climbs(path)).toBe(false));
});
