import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../rig/program.ts';
import { type Contender, launch } from './contender.ts';

const require = createRequire(import.meta.url);
const env = { NODE_ENV: 'production' };

export const expressPeer: Contender = {
  id: 'express',
  name: 'Express + http-proxy-middleware',
  setup:
    'its README’s set-up and `ws: true`; no log; its default agent keeps connections to the upstream',
  version: () => versions('express', 'http-proxy-middleware'),
  start: (upstreamPort, cores) => startPeer('express.js', upstreamPort, cores),
};

export const fastifyPeer: Contender = {
  id: 'fastify',
  name: '@fastify/http-proxy',
  setup: 'its README’s set-up and `websocket: true`; no log',
  version: () => versions('@fastify/http-proxy', 'fastify'),
  start: (upstreamPort, cores) => startPeer('fastify.js', upstreamPort, cores),
};

export const configurablePeer: Contender = {
  id: 'configurable-http-proxy',
  name: 'configurable-http-proxy',
  setup: 'its command with one default target; no access log',
  version: () => versions('configurable-http-proxy'),
  start: async (upstreamPort, cores) => {
    const apiPort = await freePort();
    const folder = packageFolder('configurable-http-proxy') ?? '';
    const options = {
      ip: '127.0.0.1',
      'api-ip': '127.0.0.1',
      'api-port': apiPort,
      'default-target': `http://127.0.0.1:${upstreamPort}`,
    };
    return launch(
      process.execPath,
      (port) => [
        join(folder, 'bin/configurable-http-proxy'),
        ...Object.entries({ ...options, port }).map(([name, value]) => `--${name}=${value}`),
      ],
      () => ({ env, cores }),
    );
  },
};

function startPeer(file: string, upstreamPort: number, cores: string | undefined) {
  const script = fileURLToPath(new URL(file, import.meta.url));
  return launch(
    process.execPath,
    (port) => [script, String(port), `http://127.0.0.1:${upstreamPort}`],
    () => ({ env, cores }),
  );
}

/** @returns undefined where one is not installed */
function versions(...names: string[]): string | undefined {
  const found = names.map((name) => {
    const folder = packageFolder(name);
    if (!folder) return undefined;
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version as string;
  });
  return found.includes(undefined) ? undefined : found.join(' + ');
}

/** Not every package lets its package.json be imported, so it is looked for beside its entry. */
function packageFolder(name: string): string | undefined {
  try {
    let folder = dirname(require.resolve(name));
    while (!folder.endsWith(name)) folder = dirname(folder);
    return folder;
  } catch {
    return undefined;
  }
}
