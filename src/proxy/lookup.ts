import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { ProxyError } from '../replies/errors.ts';

export interface AddressRules {
  isLocalhost(hostname: string): boolean;
  isPrivate(address: string): boolean;
  mayBePrivate(): Promise<boolean>;
}

const loopback: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/**
 * Makes the name lookup of every connection to a sandbox. It knows `.localhost` where the system
 * does not, and it judges the very addresses that are dialled next, so that a name cannot show
 * one address to a check and another one to the connection.
 *
 * @returns a lookup that fails with UPSTREAM_FORBIDDEN for a private address that may not be
 */
export function guardedLookup(rules: AddressRules): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname)
      .then(async (addresses) => {
        const refused = addresses.some(({ address }) => rules.isPrivate(address));
        if (refused && !(await rules.mayBePrivate())) throw forbidden(hostname);
        return addresses;
      })
      .then(
        (addresses) => {
          const [first] = addresses;
          if (!first) callback(noAddress(hostname), []);
          else if (options.all) callback(null, addresses);
          else callback(null, first.address, first.family);
        },
        (error: NodeJS.ErrnoException) => callback(error, []),
      );
  };

  function resolve(hostname: string): Promise<LookupAddress[]> {
    if (rules.isLocalhost(hostname)) return Promise.resolve(loopback);
    return new Promise((done, fail) => {
      systemLookup(hostname, { all: true }, (error, addresses) => {
        if (error) fail(error);
        else done(addresses);
      });
    });
  }
}

function noAddress(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
}

function forbidden(hostname: string): ProxyError {
  return new ProxyError('UPSTREAM_FORBIDDEN', {
    cause: new Error(`${hostname} has a private address; see ALLOW_PRIVATE_UPSTREAMS`),
  });
}
