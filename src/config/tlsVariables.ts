import { z } from 'zod';
import type { Config } from './config.ts';
import { flag, off, variable } from './schemas.ts';

const path = off.or(z.string().max(4096));

/** Environment variables for those with whom no other program speaks TLS in front of the proxy. */
export const tlsVariables = {
  TLS_CERT_FILE: variable(
    path,
    '',
    '/etc/ssl/daytona-proxy/fullchain.pem',
    'The wildcard certificate with its chain, PEM: the proxy then speaks HTTPS on `PORT` itself. Read again when it changes.',
  ),
  TLS_KEY_FILE: variable(
    path,
    '',
    '/etc/ssl/daytona-proxy/privkey.pem',
    'The private key of `TLS_CERT_FILE`, PEM, without a passphrase.',
  ),
  ENABLE_TLS: variable(
    flag,
    '',
    'true',
    'Whether the proxy speaks HTTPS itself. Empty: exactly when both files are set.',
  ),
};

/** Where the certificate and its key lie. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** @returns undefined where the proxy speaks plain HTTP, and TLS is another program's matter */
export function tlsFiles(config: Config): TlsFiles | undefined {
  const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, ENABLE_TLS } = config;
  if (ENABLE_TLS === false || certFile === undefined || keyFile === undefined) return undefined;
  return { certFile, keyFile };
}

/** Says what is missing where one file is set without the other, or TLS is wanted without them. */
export function tlsProblems(config: Config): string[] {
  const names = ['TLS_CERT_FILE', 'TLS_KEY_FILE'] as const;
  const missing = names.filter((name) => config[name] === undefined);
  if (config.ENABLE_TLS === true) {
    return missing.map(
      (name) =>
        `  ${name} is not set, but ENABLE_TLS = "true" needs it. For example: ${name}=${tlsVariables[name].example}`,
    );
  }
  if (config.ENABLE_TLS === false || missing.length !== 1) return [];
  return missing.map((name) => {
    const [given] = names.filter((other) => other !== name);
    return `  ${name} is not set, but ${given} is. For example: ${name}=${tlsVariables[name].example}, or ENABLE_TLS=false if another program speaks TLS`;
  });
}
