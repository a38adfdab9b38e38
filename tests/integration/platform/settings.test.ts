import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Config, ConfigError, readConfig } from '../../../src/config/config.ts';
import { cookieSecrets } from '../../../src/config/cookieSecrets.ts';
import { describeWith } from '../../support/binary.ts';
import { ask } from '../../support/client.ts';
import { type Redis, startRedis } from '../../support/redis.ts';
import { domain, type Rig, startRig } from '../../support/rig.ts';

/** What a self-hosted Daytona tells its own proxy. */
const theirs = {
  PROXY_PORT: '4000',
  PROXY_DOMAIN: 'proxy.localhost:4000',
  PROXY_PROTOCOL: 'http',
  PROXY_API_KEY: 'super_secret_key',
  DAYTONA_API_URL: 'http://api:3000/api',
  TLS_CERT_FILE: '',
  TLS_KEY_FILE: '',
  ENABLE_TLS: 'false',
  OIDC_CLIENT_ID: 'daytona',
  OIDC_CLIENT_SECRET: '',
  OIDC_DOMAIN: 'http://dex:5556/dex',
  OIDC_PUBLIC_DOMAIN: 'http://localhost:5556/dex',
  OIDC_AUDIENCE: 'daytona',
  REDIS_HOST: 'redis',
  REDIS_PORT: '6379',
  REDIS_PASSWORD: '',
  COOKIE_DOMAIN: '.proxy.localhost',
  PREVIEW_WARNING_ENABLED: 'false',
  TOOLBOX_ONLY_MODE: 'false',
  SHUTDOWN_TIMEOUT_SEC: '60',
};
const inPlatform = (env = {}) => readConfig({ MODE: 'platform', ...theirs, ...env });
const problemsOf = (env: Record<string, string>): string => {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
};

describe('the environment of Daytona’s own proxy', () => {
  test('does as it is, with MODE=platform beside it', () => {
    expect(inPlatform()).toMatchObject({
      PORT: 4000,
      PROXY_DOMAIN: ['proxy.localhost'],
      ACCESS_MODE: 'protected',
      CORS_MODE: 'reflect',
      SHUTDOWN_TIMEOUT_MS: 60_000,
      DAYTONA_API_KEY: undefined,
    });
  });

  test.each<[Record<string, string>, Partial<Config>]>([
    [{ PORT: '5000' }, { PORT: 5000 }],
    [{ PROXY_PORT: '' }, { PORT: 4000 }],
    [{ SHUTDOWN_TIMEOUT_MS: '1000' }, { SHUTDOWN_TIMEOUT_MS: 1000 }],
    [{ SHUTDOWN_TIMEOUT_SEC: '' }, { SHUTDOWN_TIMEOUT_MS: 30_000 }],
    [
      { ACCESS_MODE: 'private', CORS_MODE: 'app' },
      { ACCESS_MODE: 'private', CORS_MODE: 'app' },
    ],
  ])('with %j it says something else', (env, expected) => {
    expect(inPlatform(env)).toMatchObject(expected);
  });

  test('needs the proxy’s key, and nobody else’s', () => {
    expect(problemsOf({ MODE: 'platform' })).toMatch(/PROXY_API_KEY is not set/);
    expect(problemsOf({})).toMatch(/DAYTONA_API_KEY is not set: it is required/);
  });

  test.each([
    [{ PROXY_PORT: 'x' }, 'PROXY_PORT'],
    [{ SHUTDOWN_TIMEOUT_SEC: '1m' }, 'SHUTDOWN_TIMEOUT_SEC'],
    [{ FOLLOW_REDIRECTS: '11' }, 'FOLLOW_REDIRECTS'],
    [{ ACTIVITY: 'edge' }, 'ACTIVITY'],
    [{ PROXY_PROTOCOL: 'ftp' }, 'PROXY_PROTOCOL'],
  ])('with %j it says what is wrong', (env, name) => {
    expect(problemsOf({ MODE: 'platform', ...theirs, ...env })).toContain(name);
  });

  test.each(['1', 'TRUE', 't'])('means true by %s, as in Go', (text) => {
    expect(inPlatform({ PREVIEW_WARNING_ENABLED: text }).PREVIEW_WARNING_ENABLED).toBe(true);
  });

  test('encrypts sessions alike on all instances, by nothing that could be guessed', () => {
    const long = { PROXY_API_KEY: 'p'.repeat(32) };
    const [secret = ''] = cookieSecrets(inPlatform(long));
    expect(cookieSecrets(inPlatform(long))).toEqual([secret]);
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(cookieSecrets(inPlatform({ PROXY_API_KEY: 'q'.repeat(32) }))).not.toEqual([secret]);
    expect(cookieSecrets(inPlatform())).toEqual([]);
    expect(cookieSecrets(inPlatform({ COOKIE_SECRET: 'c'.repeat(32) }))).toEqual(['c'.repeat(32)]);
  });
});

test('PROXY_PROTOCOL says how visitors come, where nobody else does', async () => {
  const env = { PROXY_PROTOCOL: 'https' };
  const rig = await startRig({ platform: true, env });
  const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  const path = `/?DAYTONA_SANDBOX_AUTH_KEY=${rig.sandbox.token}`;
  const { headers } = await ask(rig.proxy.port, { host: rig.host(), path, headers: page });
  expect(headers['set-cookie']?.[0]).toMatch(/^__Host-.*; Secure/);
  expect(headers.location).toBe(`https://${rig.host()}/`);
  await rig.close();
});

test('COOKIE_DOMAIN is taken, and every cookie is for one host all the same', async () => {
  const env = { COOKIE_DOMAIN: `.${domain}` };
  const rig = await startRig({ platform: true, env });
  const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  const path = `/?DAYTONA_SANDBOX_AUTH_KEY=${rig.sandbox.token}`;
  const { headers } = await ask(rig.proxy.port, { host: rig.host(), path, headers: page });
  expect(headers['set-cookie']).toHaveLength(1);
  expect(headers['set-cookie']?.[0]).not.toMatch(/domain/i);
  await rig.close();
});

describeWith('redis-server', 'two instances over one Redis', () => {
  let redis: Redis;
  let one: Rig;
  let two: Rig;
  beforeAll(async () => {
    redis = await startRedis();
    const env = { REDIS_URL: redis.url, COOKIE_SECRET: 's'.repeat(32) };
    const app = (_req: unknown, res: { end(text: string): void }) => res.end('the app');
    one = await startRig({ platform: true, organizationKey: false, env, app });
    two = await startRig({ platform: true, organizationKey: false, env, beside: one });
  });
  afterAll(async () => {
    await two.close();
    await one.close();
    await redis.close();
  });

  test('share nothing where nothing but a short key could encrypt it, and say so', async () => {
    const env = { REDIS_URL: redis.url };
    const weak = await startRig({ platform: true, env, beside: one });
    const { body } = await ask(weak.proxy.port, { host: domain, path: '/health' });
    expect(JSON.parse(body)).toMatchObject({ cache: { store: 'memory' } });
    await weak.close();
  });

  test('ask once for a runner, a public flag and a token', async () => {
    const headers = { 'x-daytona-preview-token': one.sandbox.token };
    for (const { proxy } of [one, two, one, two]) {
      expect((await ask(proxy.port, { host: one.host(), headers })).body).toBe('the app');
    }
    const count = (path: RegExp) => one.daytona.callsOf('GET', path).length;
    expect([count(/by-sandbox/), count(/\/public$/), count(/\/validate\//)]).toEqual([1, 1, 1]);
  });
});
