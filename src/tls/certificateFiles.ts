import { readFile } from 'node:fs/promises';
import { ConfigError } from '../config/config.ts';
import type { TlsFiles } from '../config/tlsVariables.ts';
import { type Certificate, type CertificateTexts, checkCertificate } from './certificate.ts';

/**
 * Reads the certificate with which the proxy starts.
 *
 * @throws ConfigError that names the file and says what to do
 */
export async function readCertificate(files: TlsFiles): Promise<Certificate> {
  return checkCertificate(files, await readTexts(files), Date.now());
}

/**
 * Reads both files, whatever is in them.
 *
 * @throws ConfigError where one cannot be read
 */
export async function readTexts({ certFile, keyFile }: TlsFiles): Promise<CertificateTexts> {
  const cert = await readText('TLS_CERT_FILE', certFile);
  return { cert, key: await readText('TLS_KEY_FILE', keyFile) };
}

async function readText(name: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ConfigError(
      `${name}=${file} cannot be read: ${(error as Error).message}. It must exist, and the user that runs the proxy must be allowed to read it.`,
    );
  }
}
