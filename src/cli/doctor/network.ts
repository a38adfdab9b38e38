import { Resolver, lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { isLocalhost } from '../../host/localhost.ts';

/** An address to take for a name (`*` is all) on one port, in the place of what DNS says. */
export interface Pin {
  readonly host: string;
  readonly port: number;
  readonly address: string;
}

const timeout = 5_000;

/** Where names lead: by DNS, or by what was said on the command line. */
export class Network {
  readonly #pins: readonly Pin[];
  readonly #asksServer: boolean;
  readonly #resolver = new Resolver({ timeout, tries: 2 });

  /** @param server a DNS server (`192.0.2.1`, `192.0.2.1:5353`) to ask instead of the system's */
  constructor(pins: readonly Pin[], server: string | undefined) {
    this.#pins = pins;
    this.#asksServer = server !== undefined;
    if (server !== undefined) this.#resolver.setServers([server]);
  }

  /** The address that was said for a name. */
  pinned(name: string, port: number): string | undefined {
    const fits = ({ host, port: at }: Pin) => at === port && (host === '*' || host === name);
    return this.#pins.find(fits)?.address;
  }

  /**
   * All addresses that DNS has for a name, sorted.
   *
   * @throws Error where DNS does not answer; a name without an address has none
   */
  async addressesOf(name: string): Promise<string[]> {
    const answers = await Promise.all([
      this.#resolver.resolve4(name).catch(noneIfAbsent),
      this.#resolver.resolve6(name).catch(noneIfAbsent),
    ]);
    return answers.flat().sort();
  }

  /** What Node connects by to a port. */
  lookup(port: number): LookupFunction {
    return (name, options, done) => {
      this.find(name, port).then(
        (addresses) => {
          const [first] = addresses;
          if (!first) done(notFound(name), '', 0);
          else if (options.all) done(null, addresses);
          else done(null, first.address, first.family);
        },
        (error) => done(error, '', 0),
      );
    };
  }

  /** All addresses that are tried for a name on a port. */
  async find(name: string, port: number): Promise<{ address: string; family: number }[]> {
    const pinned = this.pinned(name, port);
    if (pinned !== undefined) return [entry(pinned)];
    // As browsers do, whatever DNS says (RFC 6761, section 6.3); many systems know localhost alone.
    if (isLocalhost(name)) return ['127.0.0.1', '::1'].map(entry);
    if (this.#asksServer) return (await this.addressesOf(name)).map(entry);
    return systemLookup(name, { all: true });
  }
}

/** True for an IP address, also as it stands in a URL: there is no name below it. */
export function isAddress(hostname: string): boolean {
  return isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

/** True where no other machine is between: nobody can listen, whatever the protocol. */
export function isHere(hostname: string): boolean {
  return isLocalhost(hostname) || /^(?:127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}

function entry(address: string): { address: string; family: number } {
  return { address, family: isIP(address) };
}

function noneIfAbsent(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOTFOUND' || error.code === 'ENODATA') return [];
  throw error;
}

function notFound(name: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`DNS has no address for ${name}`), { code: 'ENOTFOUND' });
}
