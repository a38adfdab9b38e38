import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, startBinary } from './binary.ts';
import { type FrontOptions, replaceAll } from './nginx.ts';
import { domain } from './rig.ts';

/**
 * Starts a real Caddy from the repository's configuration, on loopback; only names, ports and paths
 * differ, and what is said to be wrong with it.
 */
export async function startCaddy({
  certificate,
  upstreamPort,
  changes = [],
}: Pick<FrontOptions, 'certificate' | 'upstreamPort' | 'changes'>) {
  const folder = mkdtempSync(join(tmpdir(), 'caddy-'));
  const [httpsPort, httpPort] = await freePorts();
  const globals = `{
  admin off
  skip_install_trust
  default_bind 127.0.0.1
  https_port ${httpsPort}
  http_port ${httpPort}
}
`;
  const shipped = readFileSync(new URL('../../nginx/Caddyfile', import.meta.url), 'utf8');
  const site = replaceAll(shipped, [
    [/proxy\.example\.com/g, domain],
    [/127\.0\.0\.1:3002/g, `127.0.0.1:${upstreamPort}`],
    [/\/etc\/ssl\/daytona-proxy\/fullchain\.pem/g, certificate.certPath],
    [/\/etc\/ssl\/daytona-proxy\/privkey\.pem/g, certificate.keyPath],
    ...changes,
  ]);
  writeFileSync(join(folder, 'Caddyfile'), globals + site);
  const { close } = await startBinary(
    'caddy',
    ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'],
    /serving initial configuration/,
    { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
  );
  return {
    httpsPort,
    /** The root of the authority that it is itself by `tls internal`. */
    rootPath: join(folder, 'caddy/pki/authorities/local/root.crt'),
    close: async () => {
      await close();
      rmSync(folder, { recursive: true });
    },
  };
}
