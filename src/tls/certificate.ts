import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { ConfigError } from '../config/config.ts';
import type { TlsFiles } from '../config/tlsVariables.ts';

const dayMs = 86_400_000;
/** Let's Encrypt renews 30 days before the end: with less than this, nothing renews any more. */
const fewDays = 14;

/** PEM texts as they stand in the files. */
export interface CertificateTexts {
  readonly cert: string;
  readonly key: string;
}

/** A certificate that can be served, with its chain and its key. */
export interface Certificate extends CertificateTexts {
  /** The server's own, the first of the chain. */
  readonly leaf: X509Certificate;
}

/**
 * Finds out whether a certificate and a key can be served.
 *
 * @param files for what is said of them
 * @param now ms since the epoch
 * @throws ConfigError that names the file and says what to do
 */
export function checkCertificate(
  { certFile, keyFile }: TlsFiles,
  { cert, key }: CertificateTexts,
  now: number,
): Certificate {
  const leaf = leafOf(cert);
  if (!leaf) {
    throw new ConfigError(
      `TLS_CERT_FILE=${certFile} holds no certificate. It must be PEM ("-----BEGIN CERTIFICATE-----"): the server's own first, then its chain, as in certbot's fullchain.pem.`,
    );
  }
  const privateKey = privateKeyOf(key);
  if (!privateKey) {
    throw new ConfigError(
      `TLS_KEY_FILE=${keyFile} holds no private key that can be read. It must be PEM without a passphrase, as in certbot's privkey.pem.`,
    );
  }
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new ConfigError(
      `TLS_KEY_FILE=${keyFile} is not the key of the certificate in TLS_CERT_FILE=${certFile}. Set both to files of the same issue, the server's own certificate first in its file.`,
    );
  }
  if (leaf.validToDate.getTime() <= now) {
    throw new ConfigError(
      `TLS_CERT_FILE=${certFile} holds a certificate that expired on ${dayOf(leaf.validToDate)}. Renew it, with certbot: certbot renew.`,
    );
  }
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new ConfigError(
      `TLS_CERT_FILE=${certFile} and TLS_KEY_FILE=${keyFile} cannot be served: ${(error as Error).message}. Have the certificate issued anew.`,
    );
  }
  return { cert, key, leaf };
}

/**
 * Says what browsers will mind, or soon.
 *
 * @param domains those whose sandboxes are served
 * @param now ms since the epoch
 */
export function certificateWarnings(
  { leaf }: Certificate,
  domains: readonly string[],
  now: number,
): string[] {
  const warnings = domains
    .filter((domain) => !leaf.checkHost(`3000-sandbox.${domain}`, { subject: 'never' }))
    .map(
      (domain) =>
        `The certificate in TLS_CERT_FILE does not name *.${domain}: browsers refuse the sandboxes’ hosts.`,
    );
  const { validFromDate: from, validToDate: to } = leaf;
  const days = Math.floor((to.getTime() - now) / dayMs);
  if (from.getTime() > now) {
    warnings.push(`The certificate in TLS_CERT_FILE is not valid before ${from.toISOString()}.`);
  } else if (to.getTime() <= now) {
    warnings.push(`The certificate in TLS_CERT_FILE expired on ${dayOf(to)}: renew it.`);
  } else if (days < fewDays) {
    warnings.push(
      `The certificate in TLS_CERT_FILE expires on ${dayOf(to)}, in less than ${days + 1} ${days === 0 ? 'day' : 'days'}: renew it.`,
    );
  }
  return warnings;
}

/** `2026-11-21` */
export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function leafOf(cert: string): X509Certificate | undefined {
  try {
    return new X509Certificate(cert);
  } catch {
    return undefined;
  }
}

function privateKeyOf(key: string): KeyObject | undefined {
  try {
    return createPrivateKey(key);
  } catch {
    return undefined;
  }
}
