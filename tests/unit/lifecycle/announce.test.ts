import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { readConfig } from '../../../src/config/config.ts';
import { announce } from '../../../src/lifecycle/announce.ts';
import { createLog } from '../../../src/log/logger.ts';

async function announcedWith(env: Record<string, string>): Promise<string> {
  let lines = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines += chunk;
      done();
    },
  });
  const how = { port: 1, metricsPort: undefined, maxConnections: 1e6, certificate: undefined };
  const config = readConfig({ DAYTONA_API_KEY: 'k', ...env });
  const log = createLog({ level: 'info', format: 'json', stream });
  announce(config, how, log);
  await log.close();
  return lines;
}

test.each([
  ['proxy.example.com', {}, true],
  ['proxy.localhost,proxy.example.com', {}, true],
  ['proxy.example.com', { STATS_TOKEN: 'a-long-random-word' }, false],
  ['proxy.localhost', {}, false],
  ['localhost', {}, false],
])(
  'with PROXY_DOMAIN=%s and %j the start warns that STATS_TOKEN is not set: %s',
  async (domain, env, warns) => {
    const lines = await announcedWith({ PROXY_DOMAIN: domain, ...env });
    expect(lines).toContain('start.mode');
    expect(lines.includes('STATS_TOKEN is not set')).toBe(warns);
  },
);
