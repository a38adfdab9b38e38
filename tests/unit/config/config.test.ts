import { describe, expect, test } from '@jest/globals';
import { ConfigError, readConfig } from '../../../src/config/config.ts';
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
