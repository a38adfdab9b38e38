import { timingSafeEqual } from 'node:crypto';
import { fingerprint } from './fingerprint.ts';

/** Compares in constant time, whatever the lengths. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(fingerprint(a)), Buffer.from(fingerprint(b)));
}
