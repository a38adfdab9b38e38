import { isReservedCookie } from './setCookie.ts';

/**
 * Takes our cookies and Daytona's out of a visitor's Cookie field; the others stay byte for byte.
 *
 * @returns undefined where nothing is left
 */
export function withoutOwnCookies(field: string): string | undefined {
  const pairs = field.split(';');
  const kept = pairs.filter((pair) => !isReservedCookie(pair.split('=', 1)[0] ?? ''));
  if (kept.length === pairs.length) return field;
  const rest = kept.join(';').trimStart();
  return rest === '' ? undefined : rest;
}
