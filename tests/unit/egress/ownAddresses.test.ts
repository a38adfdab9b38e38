import { networkInterfaces } from 'node:os';
import { expect, test } from '@jest/globals';
import { isOwnAddress } from '../../../src/egress/ownAddresses.ts';

const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);

test('every address of the machine’s interfaces is its own', () => {
  const addresses = all.map(({ address }) => address);
  expect(addresses).toContain('127.0.0.1');
  expect(addresses.filter((address) => !isOwnAddress(address))).toEqual([]);
});

test.each(['127.0.0.1', '127.8.9.10', '::ffff:127.0.0.1', '64:ff9b::127.0.0.1', '0.0.0.0', '::'])(
  '%s is the machine as well',
  (address) => {
    expect(isOwnAddress(address)).toBe(true);
  },
);

test('an IPv4 address of it is its own in every way to write it', () => {
  for (const { address } of all.filter(({ family }) => family === 'IPv4')) {
    expect([isOwnAddress(`::ffff:${address}`), isOwnAddress(`64:ff9b::${address}`)]).toEqual([
      true,
      true,
    ]);
  }
});

test.each(['93.184.215.14', '2606:4700::1111', '64:ff9b::808:808', 'localhost', ''])(
  '%s is not its own',
  (address) => {
    expect(isOwnAddress(address)).toBe(false);
  },
);

test('a neighbour on a network of the machine is not its own', () => {
  const beside = all.flatMap(({ address, internal, family }) => {
    const [last, ...rest] = address.split('.').reverse();
    const next = [...rest.reverse(), Number(last) === 254 ? 253 : Number(last) + 1].join('.');
    return internal || family !== 'IPv4' || all.some((each) => each.address === next) ? [] : [next];
  });
  expect(beside.filter(isOwnAddress)).toEqual([]);
});
