import { startDaytona } from '../../src/demo/daytona.ts';
import { describeWith, freePorts } from './binary.ts';
import { createBusyApp } from './busyApp.ts';
import { makeCertificate } from './certificate.ts';
import { Instance } from './instance.ts';
import { startNginx } from './nginx.ts';
import { type Redis, startRedis } from './redis.ts';
import { closeServer, domain, listen } from './rig.ts';
import { SteadyLoad, type Visitor } from './steadyLoad.ts';
import { createTallyApp, type TallyApp } from './tallyApp.ts';
import type { Connect } from './transport.ts';
import { tlsTo } from './transport.ts';

export const adminToken = 'the-operator-of-all-the-instances-1';

/** Describes tests that need what such a cluster is made of. */
export function describeCluster(name: string, fn: () => void): void {
  describeWith('nginx', name, () => describeWith('redis-server', 'with Redis', fn));
}

/** Two instances over one Redis, behind the Nginx that ships, and a sandbox with two apps. */
export interface Cluster {
  readonly redis: Redis;
  readonly instances: readonly [Instance, Instance];
  readonly apiKey: string;
  readonly sandbox: { readonly id: string; readonly token: string };
  /** The app on port 3000; on 3001 is one as in `busyApp.ts`. */
  readonly tally: TallyApp;
  /** Nginx's port. */
  readonly port: number;
  /** Connects to it by TLS, for port 3001. */
  readonly connect: Connect;
  host(port?: number): string;
  /** Visitors of the app on port 3000, through Nginx. */
  load(visitors: readonly Visitor[], headers?: Record<string, string>): SteadyLoad;
  close(): Promise<void>;
}

export async function startCluster(env: Record<string, string> = {}): Promise<Cluster> {
  const [redis, daytona] = await Promise.all([startRedis(), startDaytona()]);
  const [tally, busy] = [createTallyApp(), createBusyApp()];
  const [tallyPort, busyPort] = await Promise.all([listen(tally.server), listen(busy.server)]);
  // Dialled without Daytona's edge between, which has manners of its own at the end.
  daytona.faults.previewUrl = (url) =>
    url.replace(/:\d+$/, `:${url.includes('//3001-') ? busyPort : tallyPort}`);
  const sandbox = daytona.sandboxes.create();
  const settings = {
    DAYTONA_API_KEY: daytona.apiKey,
    DAYTONA_API_URL: daytona.apiUrl,
    PROXY_DOMAIN: domain,
    HOST: '127.0.0.1',
    TRUSTED_PROXIES: '127.0.0.1/32',
    REDIS_URL: redis.url,
    COOKIE_SECRET: 's'.repeat(32),
    ADMIN_TOKEN: adminToken,
    RATE_LIMIT_MAX: '1000000',
    LOG_FORMAT: 'json',
    ...env,
  };
  const [one, two] = await freePorts();
  const instances = [new Instance(one, settings), new Instance(two, settings)] as const;
  await Promise.all(instances.map((instance) => instance.up()));
  const certificate = makeCertificate([domain]);
  const fronts = { domains: [domain], certificate, upstreamPort: one, otherPorts: [two] };
  const nginx = await startNginx(fronts);
  const host = (port = 3000) => `${port}-${sandbox.id}.${domain}`;
  return {
    redis,
    instances,
    apiKey: daytona.apiKey,
    sandbox,
    tally,
    port: nginx.httpsPort,
    connect: tlsTo(host(3001), certificate.pem),
    host,
    load: (visitors, headers = {}) => {
      const target = { port: nginx.httpsPort, host: host(), ca: certificate.pem, headers };
      return new SteadyLoad(target, visitors);
    },
    close: async () => {
      await nginx.close();
      await Promise.all(instances.map((instance) => instance.kill()));
      await Promise.all([tally.server, busy.server].map(closeServer));
      await daytona.close();
      await redis.close();
      certificate.remove();
    },
  };
}
