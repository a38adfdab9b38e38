import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createAccess } from './access/access.ts';
import { createApp } from './app.ts';
import { type Config, ConfigError } from './config/config.ts';
import { tlsFiles } from './config/tlsVariables.ts';
import { affordable } from './descriptors.ts';
import { isLocalhost } from './host/localhost.ts';
import { drain } from './lifecycle/drain.ts';
import { OpenWork } from './lifecycle/openWork.ts';
import { explainStartError } from './lifecycle/startError.ts';
import { countHits } from './limits/hits.ts';
import { Occupancy } from './limits/occupancy.ts';
import { renewCertificate } from './listener.ts';
import { accessLog } from './log/access.ts';
import type { Log } from './log/logger.ts';
import { ownPages } from './ownPages.ts';
import { guardedLookup } from './proxy/lookup.ts';
import { createCarrier } from './proxy/middleware.ts';
import { createLook } from './replies/look.ts';
import { createMode } from './sandbox/createMode.ts';
import { createSandboxes } from './sandbox/createSandboxes.ts';
import { isPrivateAddress, privatePolicy } from './sandbox/privateNetworks.ts';
import { createProxyServer } from './server.ts';
import { createStats, recordStats } from './stats/createStats.ts';
import { connectStore } from './store/connectStore.ts';
import { servingStore } from './store/sharedStore.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { listenForMetrics } from './telemetry/metricsPage.ts';
import { joinObservers } from './telemetry/observer.ts';
import type { Certificate } from './tls/certificate.ts';
import { readCertificate } from './tls/certificateFiles.ts';
import { Renewals } from './tls/renewals.ts';

const sweepMs = 60_000;
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

export interface RunningProxy {
  readonly port: number;
  /** Of the metrics, where they have one of their own. */
  readonly metricsPort: number | undefined;
  /** MAX_CONNECTIONS, or fewer where the process may not open as many. */
  readonly maxConnections: number;
  readonly openWork: OpenWork;
  /** What it was started with; undefined where it speaks plain HTTP. */
  readonly certificate: Certificate | undefined;
  /**
   * Drains and ends everything, within SHUTDOWN_TIMEOUT_MS.
   *
   * @param hurryMs within so long, and from now on no connection is accepted: after a crash
   */
  close(hurryMs?: number): Promise<void>;
}

/**
 * Builds every part from the configuration, joins them and listens.
 *
 * @throws what `listen` fails with: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` …, and
 * ConfigError where a file that the configuration names cannot be used
 */
export async function startProxy(config: Config, log: Log): Promise<RunningProxy> {
  const files = tlsFiles(config);
  const certificate = files && (await readCertificate(files));
  const openWork = new OpenWork();
  const metrics = createMetrics();
  const record = recordStats();
  const told = [accessLog(log, config.LOG_SAMPLE), metrics.observer, ...record.observers];
  const observer = joinObservers(...told);
  let port = config.PORT;
  const maxConnections = affordable(config.MAX_CONNECTIONS);
  const mode = createMode(
    config,
    {
      timeoutMs: config.DAYTONA_API_TIMEOUT_MS,
      onFailure: (call, error, status) => {
        const cause = error.cause instanceof Error ? error.cause.message : undefined;
        if (error.code === 'DAYTONA_REJECTED_KEY') {
          log('error', 'daytona.rejected', { call, status });
        } else log('warn', 'daytona.failed', { call, status, cause });
      },
      onCall: observer.apiCall,
    },
    () => ({ domains: config.PROXY_DOMAIN, ownPort: port }),
  );
  const clients = new Occupancy(config.MAX_CONNECTIONS_PER_CLIENT);
  const carrier = createCarrier({
    originMode: config.ORIGIN_MODE,
    connectTimeoutMs: config.CONNECT_TIMEOUT_MS,
    upgradeTimeoutMs: config.UPGRADE_TIMEOUT_MS,
    uploadStallMs: config.UPLOAD_STALL_TIMEOUT_MS,
    followRedirects: config.MODE === 'platform' ? config.FOLLOW_REDIRECTS : 0,
    idleTimeoutMs: config.WS_IDLE_TIMEOUT_MS,
    maxHeaderBytes: config.MAX_HEADER_BYTES,
    lookup: guardedLookup({
      isLocalhost,
      isPrivate: isPrivateAddress,
      mayBePrivate: privatePolicy(mode.allowPrivate, config.DAYTONA_API_URL),
    }),
    log,
    observer,
  });
  const store = await connectStore(config, log);
  const sandboxes = createSandboxes(config, {
    mode,
    probe: carrier.probe,
    store,
    log,
    observer,
  });
  const { directory } = sandboxes;
  const access = await createAccess(
    config,
    sandboxes.forAccess,
    mode.platform ?? mode.daytona,
    log,
    observer,
    () => port,
    store,
  );
  record.visits.linkedBy = mode.links.linkedBy;
  const stats = createStats(config, {
    record,
    store,
    failures: access.chain.access.failures,
    observer,
    version,
    port: () => port,
    openWork,
    cached: () => directory.cached(),
    forget: sandboxes.forget,
  });
  const { requireOperator } = stats;
  const parts = { mode, carrier, access, metrics, requireOperator };
  const chain = createApp({
    log,
    hosts: { domains: config.PROXY_DOMAIN, format: config.HOST_FORMAT },
    rateLimit: {
      hits: countHits('rate', config.RATE_LIMIT_WINDOW_MS, store),
      windowMs: config.RATE_LIMIT_WINDOW_MS,
      max: config.RATE_LIMIT_MAX,
    },
    clients,
    sandboxes: new Occupancy(config.MAX_CONNECTIONS_PER_SANDBOX),
    ...access.chain,
    pages: [access.pages, stats.pages, ...ownPages(config, parts)],
    inPlatform: config.MODE === 'platform',
    toolboxOnly: config.TOOLBOX_ONLY_MODE && config.MODE === 'platform',
    warning: {
      enabled: config.MODE === 'platform' && config.PREVIEW_WARNING_ENABLED,
      partitioned: config.EMBEDDING === 'partitioned',
      embedders: access.chain.access.crossSite.embedders,
    },
    sandbox: sandboxes.stage,
    carrier,
    figures: {
      version,
      cacheTtl: config.CACHE_TTL,
      store: () => servingStore(store),
      cached: () => directory.cached(),
      cacheSize: () => directory.size,
      readiness: () => ({ ready: !openWork.draining, facts: { store: servingStore(store) } }),
      counters: () => ({ ...directory.counters(), ...access.counters(), ...openWork.counts() }),
    },
    requireOperator,
  });
  const server = createProxyServer({
    chain,
    log,
    observer,
    certificate,
    trustedProxies: config.TRUSTED_PROXIES,
    assumedProto: config.PROXY_PROTOCOL,
    openWork,
    clients,
    maxConnections,
    maxHeaderBytes: config.MAX_HEADER_BYTES,
    headersTimeoutMs: config.HEADERS_TIMEOUT_MS,
    look: createLook({
      name: config.BRAND_NAME,
      logoUrl: config.BRAND_LOGO_URL,
      color: config.BRAND_COLOR,
    }),
  });
  const metricsListener = await listenForMetrics(metrics, config).catch((error) => {
    store?.close();
    throw new ConfigError(explainStartError(error, 'METRICS_'));
  });
  server.listen(config.PORT, config.HOST);
  await once(server, 'listening').catch((error) => {
    metricsListener?.close();
    store?.close();
    throw error;
  });
  port = (server.address() as AddressInfo).port;

  const renewals =
    certificate &&
    new Renewals({
      files,
      certificate,
      domains: config.PROXY_DOMAIN,
      log,
      serve: (renewed) => renewCertificate(server, renewed),
    });
  metrics.show({
    version,
    mode: config.MODE,
    open: () => openWork.counts(),
    cacheSize: () => directory.size,
    waiters: () => directory.waiting,
    draining: () => openWork.draining,
    storeUp: () => store && Number(store.status() === 'up'),
    certificateEnd: () => renewals && renewals.end / 1000,
  });
  const sweeper = setInterval(() => {
    access.sweep();
    const count = sandboxes.sweep();
    if (count > 0) log('info', 'cache.clean', { count });
  }, sweepMs);
  return {
    port,
    metricsPort: metricsListener?.port,
    maxConnections,
    openWork,
    certificate,
    close: async (hurryMs) => {
      clearInterval(sweeper);
      renewals?.close();
      await drain(server, openWork, {
        delayMs: hurryMs === undefined ? config.DRAIN_DELAY_MS : 0,
        spreadMs: config.DRAIN_SPREAD_MS,
        timeoutMs: Math.min(hurryMs ?? Number.POSITIVE_INFINITY, config.SHUTDOWN_TIMEOUT_MS),
      });
      sandboxes.close();
      carrier.close();
      metricsListener?.close();
      await stats.close();
      store?.close();
    },
  };
}
