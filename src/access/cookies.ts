/** Larger secrets are nobody's, and are not worth a hash. */
export const longestSecret = 8_192;

/** How a cookie of ours is kept; none ever has a Domain. */
export interface Keeping {
  readonly proto: 'http' | 'https';
  readonly seconds: number;
  /** True for one that works in a frame of another site, which needs HTTPS. */
  readonly partitioned?: boolean;
  /** True for one that no link from another site brings along. */
  readonly strict?: boolean;
}

/** A cookie's whole name; with `__Host-` no other host can set it, but that needs HTTPS. */
export function cookieName(name: string, proto: 'http' | 'https'): string {
  return proto === 'https' ? `__Host-${name}` : name;
}

/** Writes a Set-Cookie value. */
export function setCookie(name: string, value: string, keeping: Keeping): string {
  const { proto, seconds, partitioned = false, strict = false } = keeping;
  const ofOwn = `SameSite=${strict ? 'Strict' : 'Lax'}`;
  const site = partitioned && proto === 'https' ? 'SameSite=None; Partitioned' : ofOwn;
  const secure = proto === 'https' ? '; Secure' : '';
  return `${cookieName(name, proto)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; ${site}${secure}`;
}

/** Gives the values of all cookies with a whole name, as they stand in a Cookie field. */
export function cookiesNamed(cookie: string | undefined, name: string): string[] {
  if (!cookie?.includes(name)) return [];
  return cookie.split(';').flatMap((pair) => {
    const equals = pair.indexOf('=');
    const value = pair.slice(equals + 1).trim();
    return equals > 0 && pair.slice(0, equals).trim() === name && value.length <= longestSecret
      ? [value]
      : [];
  });
}
