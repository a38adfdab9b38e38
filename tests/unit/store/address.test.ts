import { expect, test } from '@jest/globals';
import { readConfig } from '../../../src/config/config.ts';
import { clientOptions, redisAddress } from '../../../src/store/address.ts';

const read = (env: Record<string, string>) =>
  redisAddress(readConfig({ DAYTONA_API_KEY: 'k', COOKIE_SECRET: 's'.repeat(32), ...env }));
const nobody = { username: undefined, password: undefined };

test.each([
  [
    'redis://r.test',
    { host: 'r.test', port: 6379, ...nobody, database: 0, tls: false },
    { host: 'r.test', port: 6379 },
  ],
  [
    'rediss://me:p%40ss@r.test:7000/3',
    { host: 'r.test', port: 7000, username: 'me', password: 'p@ss', database: 3, tls: true },
    { host: 'r.test', port: 7000, tls: true, servername: 'r.test' },
  ],
  [
    'rediss://[::1]:7000/',
    { host: '::1', port: 7000, ...nobody, database: 0, tls: true },
    { host: '::1', port: 7000, tls: true },
  ],
])('%s names a Redis', (REDIS_URL, address, socket) => {
  const found = read({ REDIS_URL });
  expect(found).toEqual(address);
  expect(found && clientOptions(found).socket).toEqual(socket);
});

test('its parts name one, and nothing names none', () => {
  expect(read({ REDIS_HOST: 'r.test', REDIS_PORT: '7', REDIS_PASSWORD: 'p' })).toEqual({
    host: 'r.test',
    port: 7,
    username: undefined,
    password: 'p',
    database: 0,
    tls: false,
  });
  expect(read({})).toBeUndefined();
});
