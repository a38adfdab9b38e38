import type { IncomingMessage } from 'node:http';
import type { Config } from '../../config/config.ts';
import { tlsFiles } from '../../config/tlsVariables.ts';
import { isLocalhost } from '../../host/localhost.ts';
import type { Cli } from '../cli.ts';
import { CommandError } from '../failure.ts';
import { OwnProxy } from '../ownProxy.ts';
import { Skipped } from './finding.ts';
import { type FrontKind, recognize } from './fronts.ts';
import { isHere, Network, type Pin } from './network.ts';
import { PublicWay } from './publicWay.ts';

export interface DoctorOptions {
  readonly sandbox?: string;
  readonly port?: number;
  readonly url?: URL;
  readonly slow?: number;
  readonly resolve?: readonly Pin[];
  readonly dns?: string;
  /** Authorities to trust, PEM. */
  readonly ca?: string;
}

/** A front that puts its name to no answer of others does so to its own: nobody can decode the last. */
const glances = ['/health', '/%zz'];

/** What all checks share: what was said, and what is looked for once. */
export class Examination {
  readonly cli: Cli;
  readonly options: DoctorOptions;
  readonly network: Network;
  readonly #once = new Map<string, unknown>();
  #front: FrontKind | undefined;

  constructor(cli: Cli, options: DoctorOptions) {
    this.cli = cli;
    this.options = options;
    this.network = new Network(options.resolve ?? [], options.dns);
  }

  /** @throws Skipped where it cannot be read */
  get config(): Config {
    try {
      return this.cli.config;
    } catch {
      throw new Skipped('the configuration has to be right first');
    }
  }

  /** The public address of the proxy itself. */
  get url(): URL {
    const { url } = this.options;
    if (url) return url;
    const { PORT, PROXY_DOMAIN, PROXY_PROTOCOL } = this.config;
    const [domain] = PROXY_DOMAIN;
    if (domain === undefined) {
      throw new Skipped('PROXY_DOMAIN is not set; say the public address: --url https://…');
    }
    const local = isLocalhost(domain);
    const scheme = PROXY_PROTOCOL ?? (local && !tlsFiles(this.config) ? 'http' : 'https');
    return new URL(`${scheme}://${domain}${local ? `:${PORT}` : ''}`);
  }

  /** The domain below which sandboxes are looked for. */
  get domain(): string {
    const { hostname } = this.url;
    const domains = this.config.PROXY_DOMAIN;
    return domains.includes(hostname) ? hostname : (domains[0] ?? hostname);
  }

  get port(): number {
    const { port, protocol } = this.url;
    return Number(port || (protocol === 'https:' ? 443 : 80));
  }

  /** True where what is said to a host without TLS does not leave this machine. */
  staysHere(host: string): boolean {
    return isHere(host) && this.network.pinned(host, this.port) === undefined;
  }

  get way(): Promise<PublicWay> {
    return this.once('way', async () => this.#makeWay());
  }

  /** The same for what is secret: each of its connections ends at a right certificate. */
  get safeWay(): Promise<PublicWay> {
    const { ca } = this.options;
    return this.once('safe way', async () => this.#makeWay(ca === undefined ? {} : { ca }));
  }

  /** The way to a domain by one of the addresses that it has. */
  wayTo(domain: string, address: string): PublicWay {
    const { port, url } = this;
    const there = new Network([{ host: '*', port, address }], undefined);
    const at = new URL(`${url.protocol}//${domain}${url.port && `:${port}`}`);
    return new PublicWay(at, there.lookup(port), () => {});
  }

  #makeWay(trust?: { readonly ca?: string }): PublicWay {
    const { network, port, url } = this;
    const note = ({ headers }: Pick<IncomingMessage, 'headers'>) => {
      this.#front ??= recognize(headers);
    };
    return new PublicWay(url, network.lookup(port), note, trust);
  }

  /** The proxy on this machine; undefined and why where there is none. */
  get own(): Promise<{ proxy?: OwnProxy; why: string }> {
    return this.once('own', async () => {
      try {
        const proxy = await OwnProxy.of(this.config);
        await proxy.check();
        return { proxy, why: '' };
      } catch (error) {
        if (error instanceof CommandError) return { why: error.message };
        throw error;
      }
    });
  }

  /** What stands in front, as far as any answer has said so. */
  async front(): Promise<FrontKind | undefined> {
    await this.once('glance', async () => {
      const way = await this.way;
      for (const path of glances) {
        if (this.#front) return;
        const answer = await way.ask(path).catch(() => undefined);
        await answer?.body.dump().catch(() => {});
      }
    });
    return this.#front ?? (tlsFiles(this.config) ? 'own' : undefined);
  }

  /** Finds something out at the first call, and gives the same at all others, also what it throws. */
  once<T>(name: string, find: () => Promise<T>): Promise<T> {
    const known = this.#once.get(name) as Promise<T> | undefined;
    const found = known ?? find();
    this.#once.set(name, found);
    return found;
  }
}
