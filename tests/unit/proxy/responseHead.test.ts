import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ownLocation } from '../../../src/proxy/location.ts';
import { responseHead } from '../../../src/proxy/responseHead.ts';
import { cleanSetCookie } from '../../../src/proxy/setCookie.ts';
import { context } from '../../support/locationContext.ts';

describe('responseHead', () => {
  test('keeps order and duplicates', () => {
    const raw = ['Link', '<a>', 'X-A', '1', 'Link', '<b>'];
    expect(responseHead(raw, context)).toEqual(raw);
  });

  test('drops hop-by-hop fields, those that Connection names, and Daytona’s own', () => {
    const raw = ['Connection', 'x-hop', 'X-Hop', '1', 'Transfer-Encoding', 'chunked'];
    raw.push('Keep-Alive', 'timeout=5', 'X-Daytona-Secret', 's', 'X-Proxy-Error', 'FORGED');
    expect(responseHead([...raw, 'ETag', '"x"'], context)).toEqual(['ETag', '"x"']);
  });

  test('drops a field that could not be written', () => {
    expect(responseHead(['X-A', 'a\u0001b', 'B C', 'd', 'X-E', 'f'], context)).toEqual([
      'X-E',
      'f',
    ]);
  });
});

describe('cleanSetCookie', () => {
  test.each([
    ['a=b; Domain=.example.com; Path=/', 'a=b; Path=/'],
    ['a=b;domain = example.com;Secure', 'a=b;Secure'],
    ['a=b; DOMAIN=x; Domain=y; HttpOnly', 'a=b; HttpOnly'],
    ['a=b; Domain', 'a=b'],
    ['a=domain=x; SameSite=None', 'a=domain=x; SameSite=None'],
    ['a="x; y"; Path=/', 'a="x; y"; Path=/'],
    ['=nameless', '=nameless'],
  ])('%s becomes %s', (given, kept) => {
    expect(cleanSetCookie(given)).toBe(kept);
  });

  test.each([
    'daytona-sandbox-auth-abc=1; Path=/',
    'Daytona-Preview-Page-Accepted=true',
    ' pkce_verifier=x',
    '=pkce_verifier=x',
    ' =__Host-daytona-proxy=1',
    'pkce_verifier',
    '__Host-daytona-proxy=forged',
    'daytona-proxy-session=forged',
  ])('drops %s', (given) => {
    expect(cleanSetCookie(given)).toBeUndefined();
  });

  test('leaves no Domain attribute, however it is written', () => {
    const attribute = fc.constantFrom(
      'Domain=a',
      ' DOMAIN = a',
      'domain',
      '\tDomain\t=b',
      'Path=/',
      ' Secure',
    );
    fc.assert(
      fc.property(fc.array(attribute), (attributes) => {
        const cleaned = cleanSetCookie(['a=b', ...attributes].join(';'));
        expect(cleaned).not.toMatch(/;\s*domain\s*(?:=|;|$)/i);
        expect(cleaned?.match(/Path|Secure/g) ?? []).toHaveLength(
          attributes.filter((text) => /Path|Secure/.test(text)).length,
        );
      }),
    );
  });
});

describe('ownLocation', () => {
  test.each([
    ['https://3000-abc.edge.test/login?a=b#c', '/login?a=b#c'],
    ['http://3000-abc.edge.test/', '/'],
    ['HTTPS://3000-ABC.Edge.Test', '/'],
    ['https://3000-abc.edge.test:443/x', '/x'],
    ['//3000-abc.edge.test/x', '/x'],
    ['http://localhost:3000/a', '/a'],
    ['http://127.0.0.1:3000/a', '/a'],
    ['https://3000-abc.edge.test/\t/evil.test', 'https://3000-abc.example.com/\t/evil.test'],
    ['https://3000-abc.edge.test?q', '/?q'],
    ['https://3000-abc.edge.test//evil.test', 'https://3000-abc.example.com//evil.test'],
    ['https://3000-abc.edge.test/\\evil.test', 'https://3000-abc.example.com/\\evil.test'],
  ])('%s becomes %s', (given, ours) => {
    expect(ownLocation(given, context)).toBe(ours);
  });

  test.each([
    '/relative',
    'relative',
    '?q',
    'https://github.com/login',
    'https://3001-abc.edge.test/',
    'http://localhost:3001/',
    'https://3000-abc.edge.test.evil.test/',
    'https://user@3000-abc.edge.test/',
    'custom:thing',
    '',
  ])('leaves %s alone', (given) => {
    expect(ownLocation(given, context)).toBe(given);
  });

  test('never makes a sandbox’s own redirect leave our host', () => {
    fc.assert(
      fc.property(fc.webPath(), fc.constantFrom('', '/', '//', '/\\'), (path, start) => {
        const ours = ownLocation(`https://3000-abc.edge.test${start}${path}`, context);
        expect(new URL(ours, 'https://3000-abc.example.com/').host).toBe('3000-abc.example.com');
      }),
    );
  });
});
