import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nginxArguments } from '../rig/nginxFile.ts';
import { findProgram, programVersion } from '../rig/program.ts';
import { scratch } from '../rig/scratch.ts';
import { type Contender, launch } from './contender.ts';

export const caddy: Contender = {
  id: 'caddy',
  name: 'Caddy',
  setup: '`reverse_proxy` with nothing else, `GOMAXPROCS=1`; no access log, as by default',
  version: () => programVersion('caddy', 'version'),
  start: (upstreamPort, cores) =>
    launch(
      installed('caddy'),
      (port) => {
        const site = `http://:${port} {\n\tbind 127.0.0.1\n\treverse_proxy 127.0.0.1:${upstreamPort}\n}\n`;
        const globals = '{\n\tadmin off\n\tauto_https off\n}\n';
        const file = writeConfig('Caddyfile', globals + site);
        return ['run', '--config', file, '--adapter', 'caddyfile'];
      },
      () => ({ env: { GOMAXPROCS: '1' }, cores }),
    ),
};

export const haproxy: Contender = {
  id: 'haproxy',
  name: 'HAProxy',
  setup: '`nbthread 1`, `http-reuse always`; no log, as by default',
  version: () => programVersion('haproxy', '-v'),
  start: (upstreamPort, cores) =>
    launch(
      installed('haproxy'),
      (port) => [
        '-db', // In the foreground.
        '-f',
        writeConfig(
          'haproxy.cfg',
          `global
  nbthread 1
  maxconn 9000
defaults
  mode http
  timeout connect 5s
  timeout client 75s
  timeout server 75s
  timeout tunnel 1h
frontend bench
  bind 127.0.0.1:${port}
  default_backend upstream
backend upstream
  http-reuse always
  server upstream 127.0.0.1:${upstreamPort}
`,
        ),
      ],
      () => ({ cores }),
    ),
};

export const nginx: Contender = {
  id: 'nginx',
  name: 'nginx',
  setup:
    'one process, `keepalive 64` to the upstream, WebSockets passed on; access log to a file, as by default',
  version: () => programVersion('nginx', '-v'),
  start: (upstreamPort, cores) =>
    launch(
      installed('nginx'),
      (port) =>
        nginxArguments(`access_log access.log;
  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
  upstream bench { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 0;
    location / {
      proxy_pass http://bench;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_read_timeout 1h;
    }
  }`),
      () => ({ cores }),
    ),
};

function installed(name: string): string {
  const file = findProgram(name);
  if (!file) throw new Error(`${name} is not installed`);
  return file;
}

function writeConfig(name: string, text: string): string {
  const file = join(mkdtempSync(join(scratch, 'config-')), name);
  writeFileSync(file, text);
  return file;
}
