import { once } from 'node:events';
import http, { type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { type RunningProxy, startProxy } from '../../src/assembly.ts';
import { readConfig } from '../../src/config/config.ts';
import type { People } from '../../src/demo/apiParts.ts';
import { type EmbeddedDaytona, startDaytona } from '../../src/demo/daytona.ts';
import type { Sandbox } from '../../src/demo/sandboxes.ts';
import { createLog } from '../../src/log/logger.ts';

export const domain = 'proxy.test';

/** The whole product over real sockets: embedded Daytona, one sandbox with an app, the proxy. */
export interface Rig {
  readonly daytona: EmbeddedDaytona;
  readonly proxy: RunningProxy;
  readonly sandbox: Sandbox;
  readonly app: Server;
  /** `{port}-{sandboxId}.proxy.test`, by default port 3000 of the sandbox. */
  host(port?: number, sandbox?: Sandbox): string;
  /** Every JSON log line so far. */
  logs(): Record<string, unknown>[];
  close(): Promise<void>;
}

export interface RigOptions {
  /** The app on port 3000; it answers 404 if not given. */
  readonly app?: RequestListener;
  readonly env?: Record<string, string>;
  readonly sandbox?: Partial<Sandbox>;
  readonly people?: People;
  /** Whether the proxy stands in the place of Daytona's own, with that one's key. */
  readonly platform?: boolean;
  /** False for a proxy in `platform` that has no organization's key beside its own. */
  readonly organizationKey?: boolean;
  /** Whether Daytona tells its events, which are for whoever holds the API key. */
  readonly events?: boolean;
  /** Another rig, whose Daytona, sandbox and app this proxy serves too; that one is closed last. */
  readonly beside?: Rig;
}

export async function startRig({
  app,
  env,
  sandbox: facts,
  people,
  platform = false,
  organizationKey = true,
  events,
  beside,
}: RigOptions = {}): Promise<Rig> {
  const daytona =
    beside?.daytona ??
    (await startDaytona({
      ...(people && { people }),
      // Loaded where it is wanted only: most tests need no Socket.IO.
      ...(events && { events: (await import('./daytonaEvents.ts')).attachEvents }),
    }));
  const server =
    beside?.app ?? http.createServer(app ?? ((_req, res) => void res.writeHead(404).end()));
  const sandbox = beside?.sandbox ?? daytona.sandboxes.create(facts);
  if (!beside) sandbox.ports.set(3000, await listen(server));

  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(...String(chunk).trimEnd().split('\n'));
      done();
    },
  });
  const log = createLog({ level: 'debug', format: 'json', stream });
  const start = async () =>
    startProxy(
      readConfig({
        ...(platform && { MODE: 'platform', PROXY_API_KEY: daytona.proxyKey }),
        ...((organizationKey || !platform) && { DAYTONA_API_KEY: daytona.apiKey }),
        DAYTONA_API_URL: daytona.apiUrl,
        PROXY_DOMAIN: domain,
        PORT: '0',
        HOST: '127.0.0.1',
        SHUTDOWN_TIMEOUT_MS: '0',
        ...env,
      }),
      log,
    );
  const closeSandbox = async () => {
    if (beside) return;
    await closeServer(server);
    await daytona.close();
  };
  const proxy = await start().catch(async (error) => {
    await closeSandbox();
    throw error;
  });
  return {
    daytona,
    proxy,
    sandbox,
    app: server,
    host: (at = 3000, which = sandbox) => `${at}-${which.id}.${domain}`,
    logs: () => lines.map((line) => JSON.parse(line)),
    close: async () => {
      await proxy.close();
      await closeSandbox();
    },
  };
}

/** Listens on a free loopback port and returns it. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export async function closeServer(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
