import { describe, expect, test } from '@jest/globals';
import { ConfigError, readConfig } from '../../../src/config/config.ts';
import { tlsFiles } from '../../../src/config/tlsVariables.ts';
import { variables } from '../../../src/config/variables.ts';

function problemsOf(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('readConfig', () => {
  test('needs nothing but the API key', () => {
    expect(readConfig({ DAYTONA_API_KEY: 'k' })).toMatchObject({
      DAYTONA_API_URL: 'https://app.daytona.io/api',
      DAYTONA_API_TIMEOUT_MS: 5000,
      PORT: 3002,
      HOST: undefined,
      PROXY_DOMAIN: [],
      HOST_FORMAT: 'auto',
      CACHE_TTL: 300_000,
      ORIGIN_MODE: 'local',
      ALLOW_PRIVATE_UPSTREAMS: undefined,
      RATE_LIMIT_WINDOW_MS: 60_000,
      RATE_LIMIT_MAX: 3000,
      STATS_TOKEN: undefined,
      LOG_LEVEL: 'info',
      LOG_FORMAT: undefined,
      SHUTDOWN_TIMEOUT_MS: 30_000,
    });
  });

  test('counts an empty value as unset', () => {
    expect(readConfig({ DAYTONA_API_KEY: 'k', PORT: '', CACHE_TTL: ' ' }).PORT).toBe(3002);
  });

  test('reads a list of domains, with or without the wildcard', () => {
    const { PROXY_DOMAIN } = readConfig({
      DAYTONA_API_KEY: 'k',
      PROXY_DOMAIN: '*.Proxy.example.com, .two.test,three.test',
    });
    expect(PROXY_DOMAIN).toEqual(['proxy.example.com', 'two.test', 'three.test']);
  });

  test('reads networks of both families', () => {
    const { TRUSTED_PROXIES } = readConfig({
      DAYTONA_API_KEY: 'k',
      TRUSTED_PROXIES: '10.0.0.0/8, ::1',
    });
    expect(TRUSTED_PROXIES.check('10.200.0.1')).toBe(true);
    expect(TRUSTED_PROXIES.check('::1', 'ipv6')).toBe(true);
    expect(TRUSTED_PROXIES.check('11.0.0.1')).toBe(false);
  });

  test('refuses what is right alone and wrong together', () => {
    const key = { DAYTONA_API_KEY: 'k' };
    const reflect = { ...key, ACCESS_MODE: 'private', CORS_MODE: 'reflect' };
    expect(problemsOf(reflect)).toContain('CORS_ORIGINS=https://app.example.com');
    readConfig({ ...reflect, CORS_ORIGINS: 'https://a.test' });
    expect(problemsOf({ ...key, CORS_MODE: 'list' })).toContain('CORS_ORIGINS');
    expect(problemsOf({ ...key, EMBEDDING: 'partitioned' })).toContain('EMBEDDING_ORIGINS');
  });

  test('speaks TLS where both files are set, unless told otherwise', () => {
    const files = { TLS_CERT_FILE: '/c.pem', TLS_KEY_FILE: '/k.pem' };
    const read = (env: Record<string, string>) =>
      tlsFiles(readConfig({ DAYTONA_API_KEY: 'k', ...env }));
    const both = { certFile: '/c.pem', keyFile: '/k.pem' };
    expect(read({})).toBeUndefined();
    expect(read(files)).toEqual(both);
    expect(read({ ...files, ENABLE_TLS: 'true' })).toEqual(both);
    expect(read({ ...files, ENABLE_TLS: 'false' })).toBeUndefined();
    expect(read({ TLS_KEY_FILE: '/k.pem', ENABLE_TLS: 'false' })).toBeUndefined();
  });

  test('refuses half of what TLS needs, and names what is missing', () => {
    const key = { DAYTONA_API_KEY: 'k' };
    const neither = problemsOf({ ...key, ENABLE_TLS: 'true' });
    expect(neither).toContain('2 problems');
    expect(neither).toContain('TLS_CERT_FILE is not set, but ENABLE_TLS = "true" needs it.');
    expect(neither).toContain('For example: TLS_KEY_FILE=/etc/ssl/daytona-proxy/privkey.pem');
    const noKey = { ...key, TLS_CERT_FILE: '/c.pem' };
    expect(problemsOf(noKey)).toContain('TLS_KEY_FILE is not set, but TLS_CERT_FILE is.');
    expect(problemsOf({ ...noKey, ENABLE_TLS: 'true' })).toContain('TLS_KEY_FILE is not set, but');
    expect(problemsOf({ ...key, TLS_KEY_FILE: '/k.pem' })).toContain(
      'TLS_CERT_FILE is not set, but TLS_KEY_FILE is.',
    );
    expect(problemsOf({ ...key, ENABLE_TLS: 'yes' })).toContain('must be true or false');
  });

  test('wants one Redis, and one secret for all who share it', () => {
    const key = { DAYTONA_API_KEY: 'k', COOKIE_SECRET: 's'.repeat(32) };
    const url = 'redis://:pw@127.0.0.1:6379';
    expect(readConfig({ ...key, REDIS_URL: url }).REDIS_URL?.host).toBe('127.0.0.1:6379');
    const both = problemsOf({ ...key, REDIS_URL: url, REDIS_HOST: 'r' });
    expect(both).toContain('REDIS_URL and REDIS_HOST are both set');
    expect(problemsOf({ DAYTONA_API_KEY: 'k', REDIS_HOST: 'r' })).toContain(
      'the same one on all instances',
    );
    expect(problemsOf({ ...key, REDIS_URL: url, REDIS_TLS: 'true' })).toContain('REDIS_HOST only');
  });

  test('lists every problem at once, each with a valid example', () => {
    const message = problemsOf({ PORT: '70000', LOG_LEVEL: 'loud', PROXY_DOMAIN: 'https://x.y' });
    expect(message).toContain('4 problems');
    expect(message).toContain(
      'DAYTONA_API_KEY is not set: it is required. For example: DAYTONA_API_KEY=',
    );
    expect(message).toContain('PORT = "70000": must be from 0 to 65535. For example: PORT=3002');
    expect(message).toContain('LOG_LEVEL = "loud": must be one of error, warn, info, debug.');
    expect(message).toContain('PROXY_DOMAIN = "https://x.y": "https://x.y" is not a domain name');
  });

  test.each([
    ['DAYTONA_API_KEY', 'two words'],
    ['DAYTONA_API_URL', 'app.daytona.io/api'],
    ['DAYTONA_API_URL', 'https://user:pw@app.daytona.io'],
    ['DAYTONA_API_URL', 'https://:pw@app.daytona.io'],
    ['PROXY_DOMAIN', ' , '],
    ['TRUSTED_PROXIES', '10.0.0.0/8/3'],
    ['CACHE_TTL', '5m'],
    ['CACHE_TTL', '0'],
    ['HOST', 'not a host'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', 'nginx'],
    ['ALLOW_PRIVATE_UPSTREAMS', 'yes'],
    ['STATS_TOKEN', 'short'],
    ['ORIGIN_MODE', 'LOCAL'],
    ['REDIS_URL', 'http://127.0.0.1:6379'],
    ['REDIS_URL', 'redis://127.0.0.1/0?x=1'],
    ['REDIS_URL', 'redis://:%zz@127.0.0.1'],
    ['REDIS_PORT', '0'],
    ['REDIS_PREFIX', 'two words'],
  ])('refuses %s=%s', (name, value) => {
    expect(problemsOf({ DAYTONA_API_KEY: 'k', [name]: value })).toContain(`  ${name} = `);
  });

  test('refuses a delay that leaves no time for the stop behind it', () => {
    const key = { DAYTONA_API_KEY: 'k', SHUTDOWN_TIMEOUT_MS: '5000' };
    expect(problemsOf({ ...key, DRAIN_DELAY_MS: '5000' })).toContain('DRAIN_DELAY_MS = "5000"');
    expect(readConfig({ ...key, DRAIN_DELAY_MS: '4999' }).DRAIN_DELAY_MS).toBe(4999);
    expect(readConfig({ ...key, SHUTDOWN_TIMEOUT_MS: '0' }).DRAIN_DELAY_MS).toBe(0);
  });

  test('never prints a secret', () => {
    const message = problemsOf({
      DAYTONA_API_KEY: 'dtn secret',
      STATS_TOKEN: 'hidden',
      DAYTONA_API_URL: 'http://user:hidden@host/api',
      REDIS_URL: 'http://:hidden@host',
    });
    expect(message).not.toMatch(/dtn secret|hidden/);
    expect(message).toContain('****');
  });

  test('has a valid example for every variable', () => {
    const env = Object.fromEntries(
      Object.entries(variables).map(([name, { example }]) => [name, example]),
    );
    // Redis is named in one of two ways.
    const { REDIS_URL, REDIS_HOST, REDIS_PASSWORD, REDIS_TLS, ...rest } = env;
    expect(() => readConfig({ ...rest, REDIS_URL })).not.toThrow();
    expect(() => readConfig({ ...rest, REDIS_HOST, REDIS_PASSWORD, REDIS_TLS })).not.toThrow();
  });
});

test.each(['https://id.example.com/app/', 'https://id.example.com/app'])(
  'leaves an issuer’s name as it is: %s',
  (issuer) => {
    const env = {
      DAYTONA_API_KEY: 'k',
      PROXY_DOMAIN: 'example.com',
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: 'c',
      OIDC_ALLOWED_DOMAINS: 'example.com',
    };
    expect(readConfig(env).OIDC_ISSUER).toBe(issuer);
  },
);
