import { createHmac } from 'node:crypto';
import { sameSecret } from '../secrets.ts';

/** What a sandbox's id may look like: a label of a host name, as the proxy's own addresses have it. */
const sandboxId = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

export function isSandboxId(text: string): boolean {
  return sandboxId.test(text);
}

/**
 * Derives a sandbox's password for the egress proxy; its user name is its id. Nothing has to be
 * stored for it: whoever knows the secret can make it, and check it, at any time.
 *
 * @returns HMAC-SHA256 of the id, as base64url without padding
 */
export function egressPassword(secret: string, id: string): string {
  return createHmac('sha256', secret).update(id).digest('base64url');
}

/**
 * Says whether a password is the one of this sandbox. Two secrets are good at the same time while
 * the first replaces the second; both are always compared, in constant time.
 */
export function isCredential(secrets: readonly string[], id: string, password: string): boolean {
  if (!isSandboxId(id)) return false;
  let good = false;
  for (const secret of secrets) {
    good = sameSecret(egressPassword(secret, id), password) || good;
  }
  return good;
}

/**
 * Writes what a sandbox gets as HTTPS_PROXY.
 *
 * @param address of the egress proxy, as sandboxes reach it: `http://egress.example.com:3128`
 */
export function egressUrl(address: string, secret: string, id: string): string {
  const url = new URL(address);
  url.username = id;
  url.password = egressPassword(secret, id);
  return url.href.replace(/\/$/, '');
}
