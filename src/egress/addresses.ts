import type { LookupAddress } from 'node:dns';
import { type BlockList, isIP } from 'node:net';
import { isPrivateAddress } from '../sandbox/privateNetworks.ts';
import { isOwnAddress } from './ownAddresses.ts';
import { Refusal } from './refusal.ts';
import type { Resolve } from './resolve.ts';

/**
 * Finds the addresses that are dialled for a host. The name is asked for once, and what comes here
 * is what was judged: a name cannot show one address to a check and another to the connection. One
 * private address among public ones refuses the name, since nobody could say which is dialled.
 *
 * @param allowed the private networks that hosts may live in
 * @param isOwn says of an address whether it is this machine's, which may be a public one
 * @throws Refusal
 */
export async function addressesOf(
  host: string,
  allowed: BlockList,
  resolve: Resolve,
  isOwn = isOwnAddress,
): Promise<LookupAddress[]> {
  const addresses = isIP(host) === 0 ? await ask(host, resolve) : [known(host)];
  const wrong = addresses.find(
    ({ address, family }) =>
      isIP(address) === 0 ||
      ((isPrivateAddress(address) || isOwn(address)) &&
        !allowed.check(address, family === 6 ? 'ipv6' : 'ipv4')),
  );
  if (wrong) {
    throw new Refusal(
      'ADDRESS_NOT_ALLOWED',
      `${host} leads to a private address, or to this machine itself. To allow it, add its network to EGRESS_ALLOW_PRIVATE.`,
    );
  }
  return addresses;
}

async function ask(host: string, resolve: Resolve): Promise<LookupAddress[]> {
  const addresses = await resolve(host).catch(({ code }: NodeJS.ErrnoException) => {
    throw new Refusal('HOST_UNREACHABLE', `The address of ${host} cannot be asked for (${code}).`);
  });
  if (addresses.length > 0) return addresses.map(({ address }) => known(address));
  throw new Refusal('HOST_UNKNOWN', `${host} has no address.`);
}

/** The family is the address's own, whatever a resolver says of it. */
function known(address: string): LookupAddress {
  return { address, family: isIP(address) };
}
