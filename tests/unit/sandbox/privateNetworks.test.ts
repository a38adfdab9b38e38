import { expect, test } from '@jest/globals';
import { isPrivateAddress, privatePolicy } from '../../../src/sandbox/privateNetworks.ts';

test.each([
  '127.0.0.1',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  'fe80::1',
  'fd00::1',
  'ff02::1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '64:ff9b::10.0.0.1',
  '2002:a00:1::',
  '64:ff9b:1::a00:1',
  '2001:0:a00:1::',
  '100::1',
  '168.63.129.16',
  '192.0.2.1',
  '192.88.99.1',
  '198.51.100.1',
  '203.0.113.1',
  '::ffff:0:1.1.1.1',
  '2001:db8::1',
  '3fff::1',
  '5f00::1',
  '64:ff9b::168.63.129.16',
])('%s is private', (address) => {
  expect(isPrivateAddress(address)).toBe(true);
});

test.each([
  '1.1.1.1',
  '172.32.0.1',
  '192.169.0.1',
  '168.63.129.17',
  '192.0.3.1',
  '203.0.114.1',
  '2001:4860::1',
  '::ffff:1.1.1.1',
  '2606:4700::1111',
  '64:ff9b::8.8.8.8',
  'localhost',
])('%s is not', (address) => {
  expect(isPrivateAddress(address)).toBe(false);
});

test.each([
  [undefined, 'http://localhost:3000/api', true],
  [undefined, 'http://127.0.0.1:3000/api', true],
  [undefined, 'http://[::1]:3000/api', true],
  [undefined, 'http://10.0.0.5/api', true],
  [undefined, 'https://1.1.1.1/api', false],
  [undefined, 'https://daytona.invalid/api', false],
  [true, 'https://1.1.1.1/api', true],
  [false, 'http://localhost:3000/api', false],
])(
  'with the setting %s and the API at %s, private upstreams are allowed: %s',
  async (setting, url, allowed) => {
    expect(await privatePolicy(setting, url)()).toBe(allowed);
  },
);
