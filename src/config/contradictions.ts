import type { Config } from './config.ts';
import { cookieSecrets } from './cookieSecrets.ts';
import { tlsProblems } from './tlsVariables.ts';

/** Finds values that are right alone and wrong together; each sentence says how to mend it. */
export function contradictions(config: Config): string[] {
  const problems = tlsProblems(config);
  const inPlatform = config.MODE === 'platform';
  const asks = config.ACCESS_MODE !== 'open';
  if (inPlatform) problems.push(...platformProblems(config));
  if (config.CORS_MODE === 'reflect' && asks && !inPlatform && config.CORS_ORIGINS.size === 0) {
    problems.push(
      `  CORS_MODE = "reflect" with ACCESS_MODE = "${config.ACCESS_MODE}": every page on the web could read with a visitor's session. List who may: CORS_ORIGINS=https://app.example.com`,
    );
  }
  if (config.CORS_MODE === 'list' && config.CORS_ORIGINS.size === 0) {
    problems.push(
      '  CORS_ORIGINS is not set, but CORS_MODE = "list" needs it. For example: CORS_ORIGINS=https://app.example.com',
    );
  }
  if (config.EMBEDDING === 'partitioned' && config.EMBEDDING_ORIGINS.size === 0) {
    problems.push(
      '  EMBEDDING_ORIGINS is not set, but EMBEDDING = "partitioned" needs it. For example: EMBEDDING_ORIGINS=https://app.example.com',
    );
  }
  if (config.DRAIN_DELAY_MS > 0 && config.DRAIN_DELAY_MS >= config.SHUTDOWN_TIMEOUT_MS) {
    problems.push(
      `  DRAIN_DELAY_MS = "${config.DRAIN_DELAY_MS}" leaves nothing of SHUTDOWN_TIMEOUT_MS = "${config.SHUTDOWN_TIMEOUT_MS}", which counts from the same moment. For example: DRAIN_DELAY_MS=5000 and SHUTDOWN_TIMEOUT_MS=30000`,
    );
  }
  const provider = config.OIDC_ISSUER ?? config.OIDC_DOMAIN;
  if (provider !== undefined) problems.push(...loginProblems(config));
  else if (!inPlatform && listsOf(config).some(({ size }) => size > 0)) {
    problems.push(
      '  OIDC_ALLOWED_… names people, but OIDC_ISSUER is not set, at which they log in. For example: OIDC_ISSUER=https://accounts.google.com',
    );
  }
  return [...problems, ...storeProblems(config)];
}

function platformProblems(config: Config): string[] {
  const problems: string[] = [];
  if (config.PROXY_API_KEY === undefined) {
    problems.push(
      '  PROXY_API_KEY is not set, but MODE = "platform" needs it. For example: PROXY_API_KEY=the-proxy-key-of-your-platform',
    );
  }
  if (config.ACTIVITY === 'edge') {
    problems.push(
      '  ACTIVITY = "edge" with MODE = "platform": there is no edge that counts. For example: ACTIVITY=traffic',
    );
  }
  return problems;
}

function loginProblems(config: Config): string[] {
  const problems: string[] = [];
  if (config.OIDC_CLIENT_ID === undefined) {
    problems.push(
      '  OIDC_CLIENT_ID is not set, but a provider is. For example: OIDC_CLIENT_ID=my-client',
    );
  }
  if (config.PROXY_DOMAIN.length === 0) {
    problems.push(
      '  PROXY_DOMAIN is not set, but a login comes back to it. For example: PROXY_DOMAIN=proxy.example.com',
    );
  }
  // A provider of the operator's own knows nothing of sandboxes: somebody has to say who may.
  const named = config.LABEL_POLICY === 'full' || listsOf(config).some(({ size }) => size > 0);
  if (config.MODE !== 'platform' && !named) {
    problems.push(
      '  OIDC_ISSUER is set, but nobody may enter: name them. For example: OIDC_ALLOWED_DOMAINS=example.com, or LABEL_POLICY=full for preview.owner on the sandboxes',
    );
  }
  return problems;
}

/** Instances that share a Redis must be able to read what the others write. */
function storeProblems(config: Config): string[] {
  const problems: string[] = [];
  const { REDIS_URL: url, REDIS_HOST: host } = config;
  if (url && host !== undefined) {
    problems.push(
      '  REDIS_URL and REDIS_HOST are both set: one of them says where Redis is. For example: REDIS_URL=redis://:password@redis.example.com:6379',
    );
  }
  if (host === undefined && (config.REDIS_PASSWORD !== undefined || config.REDIS_TLS)) {
    problems.push(
      '  REDIS_PASSWORD and REDIS_TLS count with REDIS_HOST only. For example: REDIS_HOST=redis.internal',
    );
  }
  const alone = config.MODE === 'platform'; // Daytona's own settings do: then nothing is shared.
  if ((url || host !== undefined) && !alone && cookieSecrets(config).length === 0) {
    problems.push(
      '  COOKIE_SECRET is not set, but instances that share a Redis need the same one on all instances. For example: COOKIE_SECRET=a-random-text-of-32-characters-or-more',
    );
  }
  return problems;
}

function listsOf(config: Config) {
  return [config.OIDC_ALLOWED_EMAILS, config.OIDC_ALLOWED_DOMAINS, config.OIDC_ALLOWED_GROUPS];
}
