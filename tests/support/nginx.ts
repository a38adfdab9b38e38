import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, startBinary } from './binary.ts';
import type { Certificate } from './certificate.ts';

const accessLogName = 'access.log';

type Changes = readonly (readonly [RegExp, string])[];

export interface FrontOptions {
  readonly domains: readonly string[];
  readonly certificate: Pick<Certificate, 'certPath' | 'keyPath'>;
  /** The proxy's port. */
  readonly upstreamPort: number;
  /** The ports of its other instances. */
  readonly otherPorts?: readonly number[];
  /** Another file of nginx/, which is left with the names that it has. */
  readonly file?: 'sandbox-first.conf';
  /** What is wrong with it, in a test of what then happens; each has to be found. */
  readonly changes?: Changes;
}

/** A TLS server in front of the proxy, on loopback. */
export interface Front {
  readonly httpsPort: number;
  readonly httpPort: number;
  /** All that it has printed so far. */
  readonly log: readonly string[];
  /** What its access log says of the requests that have ended. */
  accessLog(): string;
  close(): Promise<void>;
}

/**
 * Starts a real Nginx from the repository's configuration; only names, ports and paths differ.
 *
 * @throws where Nginx is not installed, or ends before it listens: then with what it printed
 */
export async function startNginx(options: FrontOptions): Promise<Front> {
  const prefix = mkdtempSync(join(tmpdir(), 'nginx-'));
  const [httpsPort, httpPort] = await freePorts();
  const names = options.domains.map((domain) => `*.${domain} ${domain}`).join(' ');
  const ports = [options.upstreamPort, ...(options.otherPorts ?? [])];
  const { file = 'daytona-proxy.conf' } = options;
  const shipped = readFileSync(new URL(`../../nginx/${file}`, import.meta.url), 'utf8');
  const own: [RegExp, string] =
    file === 'sandbox-first.conf'
      ? [/\/var\/log\/nginx\/sandbox-first\.log/g, accessLogName]
      : [/server_name .*;/g, `server_name ${names};`];
  const site = replaceAll(shipped, [
    [/^ *listen \[::\].*\n/gm, ''],
    [/listen 443 /g, `listen 127.0.0.1:${httpsPort} `],
    [/listen 80;/g, `listen 127.0.0.1:${httpPort};`],
    own,
    [
      /^ *server 127\.0\.0\.1:3002(.*)$/gm,
      ports.map((port) => `server 127.0.0.1:${port}$1`).join('\n'),
    ],
    [/\/etc\/ssl\/daytona-proxy\/fullchain\.pem/g, options.certificate.certPath],
    [/\/etc\/ssl\/daytona-proxy\/privkey\.pem/g, options.certificate.keyPath],
    ...(options.changes ?? []),
  ]);
  writeFileSync(join(prefix, 'site.conf'), site);
  // One process without a master: it reads the temporary folder as whoever runs the test.
  const main = `daemon off; master_process off; pid nginx.pid; error_log stderr notice;
events {}
http {
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${kind};`).join(' ')}
  include site.conf;
}
`;
  writeFileSync(join(prefix, 'nginx.conf'), main);
  const args = ['-p', prefix, '-e', 'stderr', '-c', join(prefix, 'nginx.conf')];
  // Nginx names its event method once its sockets listen.
  const { log, close } = await startBinary('nginx', args, /event method/);
  return {
    httpsPort,
    httpPort,
    log,
    accessLog: () => readFileSync(join(prefix, accessLogName), 'utf8'),
    close: async () => {
      await close();
      rmSync(prefix, { recursive: true });
    },
  };
}

/** Replaces every pattern, and fails where one is not found: then the test would test nothing. */
export function replaceAll(text: string, changes: Changes): string {
  return changes.reduce((changed, [pattern, replacement]) => {
    if (changed.search(pattern) < 0) throw new Error(`${pattern} is not in the configuration`);
    return changed.replaceAll(pattern, replacement);
  }, text);
}
