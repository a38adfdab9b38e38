import { expect, test } from '@jest/globals';
import { isLocalhost } from '../../../src/host/localhost.ts';

test.each([
  ['localhost', true],
  ['3000-abc.proxy.localhost', true],
  ['a.localhost.', true],
  ['localhost.example.com', false],
  ['notlocalhost', false],
])('%s is loopback by its name: %s', (name, expected) => {
  expect(isLocalhost(name)).toBe(expected);
});
