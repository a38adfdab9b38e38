import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from './scratch.ts';

/**
 * Writes a configuration for one Nginx process, which runs as whoever runs the benchmark.
 *
 * @param site what stands in the http context
 * @returns the arguments that start Nginx with it
 */
export function nginxArguments(site: string): string[] {
  const folder = mkdtempSync(join(scratch, 'nginx-'));
  const file = join(folder, 'nginx.conf');
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(
    file,
    `daemon off; master_process off; worker_processes 1; pid nginx.pid;
events { worker_connections 16384; }
http {
  ${kinds.map((kind) => `${kind}_temp_path ${kind};`).join(' ')}
  sendfile on; tcp_nopush on;
  keepalive_requests 1000000000;
  ${site}
}
`,
  );
  return ['-p', folder, '-e', 'stderr', '-c', file];
}
