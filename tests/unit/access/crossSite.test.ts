import { describe, expect, test } from '@jest/globals';
import { isForeign, isNavigation } from '../../../src/access/crossSite.ts';

const own = 'https://3000-abc.proxy.test';
const app = 'https://app.test';
const nobody = new Set<string>();
const framed = { embedders: new Set([app]), readers: nobody };
const alone = { embedders: nobody, readers: nobody };
const read = { embedders: nobody, readers: new Set([app]) };

describe('with a session cookie', () => {
  test.each([
    ['a write from its own page', 'POST', { origin: own }, false],
    ['a write from a sibling', 'POST', { origin: 'https://3000-evil.proxy.test' }, true],
    ['a write from nowhere', 'POST', { origin: 'null' }, true],
    ['a write without an origin', 'DELETE', {}, true],
    ['one that the browser calls same-origin', 'PUT', { 'sec-fetch-site': 'same-origin' }, false],
    ['a typed address', 'GET', { 'sec-fetch-site': 'none' }, false],
    ['a program', 'GET', {}, false],
    [
      'a link on another site',
      'GET',
      {
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      },
      false,
    ],
    [
      'a frame on a sibling',
      'GET',
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
      true,
    ],
    [
      'an image on a sibling',
      'GET',
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
      true,
    ],
    [
      'fetch on another site',
      'GET',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
      true,
    ],
  ])('%s', (_name, method, headers, foreign) => {
    expect(isForeign({ method, headers }, false, own, alone)).toBe(foreign);
  });

  test('an upgrade needs an origin of its own, whatever its method', () => {
    const upgrade = (headers: Record<string, string>) =>
      isForeign({ method: 'GET', headers }, true, own, framed);
    expect(upgrade({ origin: own })).toBe(false);
    expect(upgrade({ origin: app })).toBe(false);
    expect(upgrade({ origin: 'https://evil.test' })).toBe(true);
    expect(upgrade({})).toBe(true);
  });

  test('an origin that may read may, also in a browser that says no more', () => {
    const asked = (origin: string) => ({ method: 'GET', headers: { origin } });
    expect(isForeign(asked(app), false, own, read)).toBe(false);
    expect(isForeign(asked(app), false, own, alone)).toBe(true);
  });

  test('a frame passes where embedding is allowed', () => {
    const headers = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'iframe',
    };
    expect(isForeign({ method: 'GET', headers }, false, own, framed)).toBe(false);
  });
});

test.each([
  ['a page', 'GET', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, true],
  ['an old browser', 'GET', { accept: 'text/html,*/*' }, true],
  ['fetch', 'GET', { 'sec-fetch-mode': 'cors', accept: 'text/html' }, false],
  ['an image', 'GET', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }, false],
  ['a form', 'POST', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, false],
  ['curl', 'GET', { accept: '*/*' }, false],
])('%s is a navigation or not', (_name, method, headers, expected) => {
  expect(isNavigation({ method, headers })).toBe(expected);
});
