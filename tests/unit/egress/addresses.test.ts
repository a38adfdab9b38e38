import { BlockList } from 'node:net';
import { expect, test } from '@jest/globals';
import { addressesOf } from '../../../src/egress/addresses.ts';

const address = '93.184.215.14';
const resolve = async () => [{ address, family: 4 }];
const isOwn = (each: string) => each === address;

test('a public address of this machine is none of the hosts outside', async () => {
  const found = addressesOf('example.com', new BlockList(), resolve, isOwn);
  await expect(found).rejects.toMatchObject({ code: 'ADDRESS_NOT_ALLOWED' });
});

test('it is one where its network is allowed', async () => {
  const allowed = new BlockList();
  allowed.addAddress(address);
  expect(await addressesOf('example.com', allowed, resolve, isOwn)).toEqual([
    { address, family: 4 },
  ]);
});
