import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly certPath: string;
  readonly keyPath: string;
  /** The certificate itself, to be trusted as its own authority. */
  readonly pem: string;
  remove(): void;
}

/**
 * Makes a self-signed certificate for every domain and its hosts, in a temporary folder.
 *
 * @param days that it is valid, from now on
 */
export function makeCertificate(domains: readonly string[], days = 2): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const certPath = join(folder, 'fullchain.pem');
  const keyPath = join(folder, 'privkey.pem');
  const names = domains.flatMap((domain) => [`DNS:*.${domain}`, `DNS:${domain}`]).join(',');
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...[
        '-days',
        String(days),
        '-subj',
        '/CN=daytona-proxy test',
        '-addext',
        `subjectAltName=${names}`,
      ],
      ...['-keyout', keyPath, '-out', certPath],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  return {
    certPath,
    keyPath,
    pem: readFileSync(certPath, 'utf8'),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
