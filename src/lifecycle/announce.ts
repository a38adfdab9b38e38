import type { Config } from '../config/config.ts';
import { cookieSecrets } from '../config/cookieSecrets.ts';
import { isLocalhost } from '../host/localhost.ts';
import type { Log } from '../log/logger.ts';
import { redisAddress } from '../store/address.ts';
import { type Certificate, certificateWarnings } from '../tls/certificate.ts';

/** How the proxy is reached. */
export interface Announced {
  readonly port: number;
  /** Of the metrics, where they have one of their own. */
  readonly metricsPort: number | undefined;
  /** So many connections are served at once. */
  readonly maxConnections: number;
  /** Undefined where it speaks plain HTTP. */
  readonly certificate: Certificate | undefined;
}

/** Says at the start what is served, and what the operator may not have meant. */
export function announce(
  config: Config,
  { port, metricsPort, maxConnections, certificate }: Announced,
  log: Log,
): void {
  const domains = config.PROXY_DOMAIN;
  const names = domains.length > 0 ? domains : ['{any domain}'];
  log('info', 'start.listening', {
    serves: names.map((name) => `{port}-{sandboxId}.${name}`).join(', '),
    address: `${config.HOST ?? 'all interfaces'}, port ${port}${certificate ? ' (https)' : ''}`,
  });
  log('info', 'start.mode', {
    mode: config.MODE,
    daytona: config.DAYTONA_API_URL,
    access: config.ACCESS_MODE,
    store: redisAddress(config) ? 'redis' : 'memory',
    metrics:
      metricsPort === undefined
        ? '/metrics beside /stats'
        : `${config.METRICS_HOST}, port ${metricsPort}`,
  });
  if (certificate) {
    for (const warning of certificateWarnings(certificate, domains, Date.now())) {
      log('warn', 'start.warning', { warning });
    }
  }
  if (maxConnections < config.MAX_CONNECTIONS) {
    log('warn', 'start.warning', {
      warning: `MAX_CONNECTIONS is ${maxConnections} and not ${config.MAX_CONNECTIONS}: the process may not open more files (ulimit -n, LimitNOFILE).`,
    });
  }
  if (config.ACCESS_MODE === 'open') {
    log('warn', 'start.warning', {
      warning: 'Access is open: whoever knows a sandbox’s host gets in.',
    });
  }
  if (cookieSecrets(config).length === 0) {
    log('warn', 'start.warning', {
      warning: 'COOKIE_SECRET is not set: every restart ends all sessions.',
    });
  }
  if (
    config.STATS_TOKEN === undefined &&
    // Without a domain it is tried out on one's own machine, and told of that below.
    domains.some((name) => !isLocalhost(name))
  ) {
    log('warn', 'start.warning', {
      warning:
        'STATS_TOKEN is not set: whoever a front proxy lets look like this machine reads /stats.',
    });
  }
  for (const warning of platformWarnings(config)) log('warn', 'start.warning', { warning });
  if (domains.length === 0) {
    log('warn', 'start.warning', {
      warning: 'PROXY_DOMAIN is not set: any host whose first label names a sandbox is served.',
    });
  }
}

function platformWarnings(config: Config): string[] {
  if (config.MODE !== 'platform') return [];
  const warnings: string[] = [];
  if (config.COOKIE_DOMAIN !== undefined) {
    warnings.push(
      'COOKIE_DOMAIN is without effect: our cookies are for one host each, so that no preview gets another one’s.',
    );
  }
  if (cookieSecrets(config).length === 0 && redisAddress(config)) {
    warnings.push(
      'Redis is not used: set COOKIE_SECRET, for PROXY_API_KEY has fewer than 32 characters and cannot stand for it.',
    );
  }
  if (config.DAYTONA_API_KEY === undefined) {
    warnings.push(
      'DAYTONA_API_KEY is not set: the platform’s proxy key alone neither sees states and labels nor starts sandboxes.',
    );
  }
  return warnings;
}
