import { X509Certificate } from 'node:crypto';
import { Agent, type Dispatcher, request } from 'undici';
import { WebSocket } from 'ws';
import { z } from 'zod';
import type { Config } from '../config/config.ts';
import { tlsFiles } from '../config/tlsVariables.ts';
import { isLocalhost } from '../host/localhost.ts';
import { writeHost } from '../host/parse.ts';
import { readTexts } from '../tls/certificateFiles.ts';
import { readJson } from './answer.ts';
import { CommandError } from './failure.ts';
import { called } from './name.ts';

/** By what it is known that it is the right one. */
type Pin = ReturnType<typeof pinnedTo>;

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Which of its hosts is meant; itself where it is not given. */
  readonly host?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
}

/** What no other server says of itself. */
const health = z.object({ status: z.string(), cache: z.object({ store: z.string() }) });

/** True for the answer of a proxy’s /health. */
export function isHealth(answer: unknown): boolean {
  return health.safeParse(answer).success;
}

/** The proxy that runs on this machine with this configuration. */
export class OwnProxy {
  readonly #config: Config;
  readonly #tls: Pin | undefined;
  readonly #dispatcher: Dispatcher;

  private constructor(config: Config, tls: Pin | undefined) {
    this.#config = config;
    this.#tls = tls;
    this.#dispatcher = new Agent({
      headersTimeout: 0,
      bodyTimeout: 0,
      ...(tls && { connect: tls }),
    });
  }

  /** @throws ConfigError where its certificate cannot be read */
  static async of(config: Config): Promise<OwnProxy> {
    const files = tlsFiles(config);
    const cert = files && (await readTexts(files)).cert;
    return new OwnProxy(config, cert === undefined ? undefined : pinnedTo(cert));
  }

  /** The host of a port, of the sandbox of an id or of a signed token. */
  hostOf(label: string, port: number): string {
    return writeHost(label, port, this.#domain, this.#config.HOST_FORMAT);
  }

  /** The address by which visitors come, as far as the configuration says it. */
  urlOf(label: string, port: number, path = '/'): string {
    const { PROXY_PROTOCOL: said, PORT: ownPort } = this.#config;
    const own = isLocalhost(this.#domain);
    const scheme = said ?? (own && !this.#tls ? 'http' : 'https');
    return `${scheme}://${this.hostOf(label, port)}${own ? `:${ownPort}` : ''}${path}`;
  }

  /**
   * Makes sure that it is there. A port is soon taken by another server, whose answers would be
   * mistaken for an app's.
   *
   * @throws CommandError where nobody answers, or somebody else
   */
  async check(): Promise<void> {
    const { body } = await this.ask('/health', { signal: AbortSignal.timeout(5000) });
    if (isHealth(await readJson(body))) return;
    throw new CommandError(
      `What answers at ${this.#address} is no daytona-proxy. ` +
        `Start one by \`${called('serve')}\`, or set PORT to its port.`,
    );
  }

  /** @throws CommandError where nobody, or nobody with the right certificate, answers */
  async ask(path: string, { host, headers, ...init }: Ask = {}): Promise<Dispatcher.ResponseData> {
    const origin = `${this.#tls ? 'https' : 'http'}://${this.#address}`;
    return request(origin + path, {
      ...init,
      headers: { ...headers, ...(host !== undefined && { host }) },
      dispatcher: this.#dispatcher,
    }).catch((error: unknown) => {
      if (init.signal?.aborted) {
        throw new CommandError(`The proxy at ${this.#address} did not answer in time.`);
      }
      throw new CommandError(
        `No proxy answers at ${this.#address} (${(error as Error).message}). ` +
          `Start it by \`${called('serve')}\`, or set PORT to its port.`,
      );
    });
  }

  /** Begins to open a WebSocket on one of its hosts. */
  socket(host: string, path: string, headers: Readonly<Record<string, string>> = {}): WebSocket {
    const origin = `${this.#tls ? 'wss' : 'ws'}://${this.#address}`;
    return new WebSocket(origin + path, {
      headers: { ...headers, host },
      handshakeTimeout: 15_000,
      ...this.#tls,
    });
  }

  get #address(): string {
    const { HOST: host, PORT: port } = this.#config;
    const everywhere = host === undefined || host === '0.0.0.0' || host === '::';
    const name = everywhere ? '127.0.0.1' : host;
    return `${name.includes(':') ? `[${name}]` : name}:${port}`;
  }

  get #domain(): string {
    // Where any domain is served, this one leads to the machine by itself.
    return this.#config.PROXY_DOMAIN[0] ?? 'localhost';
  }
}

/** No certificate names 127.0.0.1: instead of by its name, the proxy is known by the very one. */
function pinnedTo(cert: string) {
  return {
    ca: new X509Certificate(cert).toString(),
    allowPartialTrustChain: true,
    checkServerIdentity: () => undefined,
  };
}
