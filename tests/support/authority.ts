import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Issued {
  readonly certPath: string;
  readonly keyPath: string;
}

export interface Wish {
  /** `*.proxy.test` … */
  readonly names: readonly string[];
  readonly days?: number;
  /** False leaves out the certificate of the issuer. */
  readonly whole?: boolean;
}

/** A certificate authority as there are in the world: a root that is trusted, and what issues below it. */
export interface Authority {
  /** The root, PEM. */
  readonly rootPath: string;
  issue(wish: Wish): Issued;
  remove(): void;
}

const keyArgs = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes one in a temporary folder. */
export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'authority-'));
  const path = (name: string) => join(folder, name);
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });

  const sign = (name: string, by: string, days: number, extensions: string) => {
    const request = ['-subj', `/CN=${name}`, '-keyout', path(`${name}.key`)];
    openssl('req', '-new', ...keyArgs, ...request, '-out', path(`${name}.csr`));
    writeFileSync(path(`${name}.ext`), extensions);
    const issuer = ['-CA', path(`${by}.pem`), '-CAkey', path(`${by}.key`), '-CAcreateserial'];
    const given = ['-in', path(`${name}.csr`), '-extfile', path(`${name}.ext`)];
    const out = ['-days', String(days), '-out', path(`${name}.pem`)];
    openssl('x509', '-req', ...given, ...issuer, ...out);
  };

  const ca = ['-subj', '/CN=the root', '-addext', 'basicConstraints=critical,CA:TRUE'];
  const files = ['-keyout', path('root.key'), '-out', path('root.pem')];
  openssl('req', '-x509', ...keyArgs, '-days', '100', ...ca, ...files);
  sign('issuer', 'root', 100, 'basicConstraints=critical,CA:TRUE');
  let count = 0;
  return {
    rootPath: path('root.pem'),
    issue: ({ names, days = 60, whole = true }) => {
      count += 1;
      const name = `leaf-${count}`;
      const all = names.map((each) => `DNS:${each}`).join(',');
      sign(name, 'issuer', days, `subjectAltName=${all}`);
      const chain = whole ? [name, 'issuer'] : [name];
      const certPath = path(`${name}-chain.pem`);
      writeFileSync(certPath, chain.map((each) => readFileSync(path(`${each}.pem`))).join(''));
      return { certPath, keyPath: path(`${name}.key`) };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
