import { expect, test } from '@jest/globals';
import { inside, outside } from '../../../../src/access/login/publicAddress.ts';

const addresses = { inner: 'http://dex:5556/dex', publicly: 'https://id.example.com' };

test.each([
  ['https://id.example.com/token', 'http://dex:5556/dex/token'],
  ['https://id.example.com/token?a=b', 'http://dex:5556/dex/token?a=b'],
  ['https://id.example.com', 'http://dex:5556/dex'],
  ['https://id.example.com.evil.test/token', 'https://id.example.com.evil.test/token'],
  ['https://id.example.com:8443/token', 'https://id.example.com:8443/token'],
  ['https://id.example.com@evil.test/', 'https://id.example.com@evil.test/'],
  ['https://keys.example.com/jwks', 'https://keys.example.com/jwks'],
  ['http://dex:5556/dex/token', 'http://dex:5556/dex/token'],
])('%s is asked at %s', (url, address) => {
  expect(inside(url, addresses)).toBe(address);
});

test.each([
  ['http://dex:5556/dex/auth?a=b', 'https://id.example.com/auth?a=b'],
  ['http://dex:5556/dexter/auth', 'http://dex:5556/dexter/auth'],
  ['https://id.example.com/auth', 'https://id.example.com/auth'],
])('a browser is sent from %s to %s', (url, address) => {
  expect(outside(url, addresses)).toBe(address);
});

test('an address is the same however it is written', () => {
  const written = { inner: 'http://DEX:80/dex/', publicly: 'HTTPS://ID.example.com:443/' };
  expect(inside('https://id.example.com/keys', written)).toBe('http://dex/dex/keys');
});
