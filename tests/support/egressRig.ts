import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http, { type RequestListener } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Server } from 'node:net';
import { Writable } from 'node:stream';
import { readEgressConfig } from '../../src/config/egressConfig.ts';
import { egressPassword, egressUrl } from '../../src/egress/credentials.ts';
import { type RunningEgress, startEgress } from '../../src/egress/startEgress.ts';
import { createLog } from '../../src/log/logger.ts';
import { type Certificate, makeCertificate } from './certificate.ts';
import { eventually } from './eventually.ts';
import { RawConnection } from './rawConnection.ts';

export const egressSecret = 'a-secret-of-the-egress-tests-with-32-characters';
export const sandboxId = '83792513-cd9e-428f-99c0-63c63bc7739c';
export const outside = 'outside.test';

/** The status of what a connection has received. */
export const statusOf = (received: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(received)?.[1]);
/** Which error of ours it is. */
export const codeOf = (received: string) => /x-proxy-error: (\w+)/i.exec(received)?.[1];

export interface EgressRigOptions {
  /** What the HTTPS server outside answers. */
  readonly app?: RequestListener;
  /** Hosts on the list, `#` for the port of that server; only `api.outside.test:#` if not given. */
  readonly allow?: string;
  readonly env?: Record<string, string>;
  /** Where the HTTPS server listens, and for which name it has a certificate. */
  readonly server?: { readonly address: string; readonly port: number; readonly name: string };
  /** The addresses of names; all lead to the HTTPS server's if not given. */
  readonly resolve?: (name: string) => Promise<LookupAddress[]>;
}

/** The egress proxy in this process, between its clients and an HTTPS server with a CA of the test. */
export interface EgressRig {
  readonly egress: RunningEgress;
  readonly certificate: Certificate;
  /** The port of the HTTPS server. */
  readonly port: number;
  /** Names that were asked for, in turn. */
  readonly asked: string[];
  /** Connections that the HTTPS server has accepted. */
  dialled(): number;
  /** `https://api.outside.test:…` with a path. */
  url(path?: string, host?: string): string;
  /** HTTPS_PROXY of a sandbox. */
  proxyUrl(id?: string, password?: string): string;
  logs(event?: string): Record<string, unknown>[];
  /** What the log says of so many connections that have ended; a line may come behind the end. */
  carried(count: number): Promise<Record<string, unknown>[]>;
  /** Sends CONNECT and gives the connection with its answer's head in `received`. */
  tunnel(target: string, id?: string, password?: string): Promise<RawConnection>;
  close(): Promise<void>;
}

export async function startEgressRig(options: EgressRigOptions = {}): Promise<EgressRig> {
  const {
    address,
    port: at,
    name,
  } = options.server ?? { address: '127.0.0.1', port: 0, name: outside };
  const certificate = makeCertificate([name]);
  const server = https.createServer(
    { cert: certificate.pem, key: readFileSync(certificate.keyPath) },
    options.app ?? ((_req, res) => void res.end('from outside')),
  );
  let dialled = 0;
  server.on('connection', () => {
    dialled += 1;
  });
  const port = await listenOn(server, at, address);
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(...String(chunk).trimEnd().split('\n'));
      done();
    },
  });
  const asked: string[] = [];
  const here = async () => [{ address, family: 4 }];
  const allow = options.allow ?? `api.${outside}:#`;
  const egress = await startEgress(
    readEgressConfig({
      EGRESS_ALLOW: allow.replaceAll('#', String(port)),
      EGRESS_SECRET: egressSecret,
      EGRESS_PORT: '0',
      EGRESS_HOST: '127.0.0.1',
      EGRESS_ALLOW_PRIVATE: '127.0.0.0/8',
      SHUTDOWN_TIMEOUT_MS: '0',
      ...options.env,
    }),
    createLog({ level: 'debug', format: 'json', stream }),
    (name) => {
      asked.push(name);
      return (options.resolve ?? here)(name);
    },
  ).catch(async (error) => {
    await closeAll(server);
    certificate.remove();
    throw error;
  });
  const basic = (id: string, password: string) =>
    Buffer.from(`${id}:${password}`).toString('base64');
  const logs = (event?: string) =>
    lines.map((line) => JSON.parse(line)).filter((line) => !event || line.event === event);
  return {
    egress,
    certificate,
    port,
    asked,
    dialled: () => dialled,
    url: (path = '/', host = `api.${outside}`) => `https://${host}:${port}${path}`,
    proxyUrl: (id = sandboxId, password) => {
      const url = new URL(egressUrl(`http://127.0.0.1:${egress.port}`, egressSecret, id));
      if (password !== undefined) url.password = password;
      return url.href.replace(/\/$/, '');
    },
    logs,
    carried: async (count) => {
      const all = () => logs('egress.carried');
      if (!(await eventually(() => all().length >= count)))
        throw new Error(`${all().length} ended`);
      return all();
    },
    tunnel: async (target, id = sandboxId, password = egressPassword(egressSecret, id)) => {
      const connection = await RawConnection.open(egress.port);
      connection.send(
        `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Authorization: Basic ${basic(id, password)}\r\n\r\n`,
      );
      await connection.until((text) => text.includes('\r\n\r\n'));
      return connection;
    },
    close: async () => {
      await egress.close();
      await closeAll(server);
      certificate.remove();
    },
  };
}

/** A server that speaks no TLS, to look at what comes; its connections stay open. */
export async function startRawServer(
  onConnection: (socket: net.Socket) => void,
): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  const port = await listenOn(server);
  return {
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A plain server on port 80 of an address of loopback's own, where plain HTTP may go. */
export async function startPort80(app: RequestListener, address: string) {
  const server = http.createServer(app);
  server.listen(80, address);
  await once(server, 'listening');
  return { close: () => closeAll(server) };
}

async function listenOn(server: Server, port = 0, address = '127.0.0.1'): Promise<number> {
  server.listen(port, address);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function closeAll(server: http.Server | https.Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
