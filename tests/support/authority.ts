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
  /** From when on it is valid, in days from now; now, if not given. */
  readonly from?: number;
  /** False leaves out the certificate of the issuer. */
  readonly whole?: boolean;
  /** True for one by an issuer whose own time is over. */
  readonly byExpired?: boolean;
  /** True for one that is its own issuer. */
  readonly bySelf?: boolean;
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

  // `openssl x509` of OpenSSL 3.0 cannot sign for other days than those that begin now.
  writeFileSync(path('ca.txt'), '');
  writeFileSync(
    path('ca.cnf'),
    `[ca]\ndefault_ca=all\n[all]\ndatabase=${path('ca.txt')}\nnew_certs_dir=${folder}\nserial=${path('serial')}\npolicy=any\ndefault_md=sha256\nunique_subject=no\n[any]\ncommonName=supplied\n`,
  );
  const sign = (name: string, by: string, from: number, days: number, extensions: string) => {
    const request = ['-subj', `/CN=${name}`, '-keyout', path(`${name}.key`)];
    openssl('req', '-new', ...keyArgs, ...request, '-out', path(`${name}.csr`));
    writeFileSync(path(`${name}.ext`), extensions);
    const issuer = by === name ? ['-selfsign'] : ['-cert', path(`${by}.pem`)];
    const key = ['-keyfile', path(`${by}.key`), '-create_serial'];
    const given = ['-in', path(`${name}.csr`), '-extfile', path(`${name}.ext`), '-notext'];
    const times = ['-startdate', dayOf(from), '-enddate', dayOf(from + days)];
    const out = ['-out', path(`${name}.pem`)];
    openssl(
      'ca',
      '-batch',
      '-config',
      path('ca.cnf'),
      ...issuer,
      ...key,
      ...given,
      ...times,
      ...out,
    );
  };

  const ca = ['-subj', '/CN=the root', '-addext', 'basicConstraints=critical,CA:TRUE'];
  const files = ['-keyout', path('root.key'), '-out', path('root.pem')];
  openssl('req', '-x509', ...keyArgs, '-days', '100', ...ca, ...files);
  sign('issuer', 'root', 0, 100, 'basicConstraints=critical,CA:TRUE');
  sign('old-issuer', 'root', -9, 8, 'basicConstraints=critical,CA:TRUE');
  let count = 0;
  return {
    rootPath: path('root.pem'),
    issue: ({ names, days = 60, from = 0, whole = true, byExpired = false, bySelf = false }) => {
      count += 1;
      const name = `leaf-${count}`;
      const all = names.map((each) => `DNS:${each}`).join(',');
      const by = bySelf ? name : byExpired ? 'old-issuer' : 'issuer';
      sign(name, by, from, days, `subjectAltName=${all}`);
      const chain = whole && !bySelf ? [name, by] : [name];
      const certPath = path(`${name}-chain.pem`);
      writeFileSync(certPath, chain.map((each) => readFileSync(path(`${each}.pem`))).join(''));
      return { certPath, keyPath: path(`${name}.key`) };
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** A day from now, as OpenSSL reads it. */
function dayOf(days: number): string {
  const time = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${time.replace(/\D/g, '').slice(0, 14)}Z`;
}
