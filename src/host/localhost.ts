/** True for `localhost` and every name under it, which are loopback (RFC 6761, section 6.3). */
export function isLocalhost(hostname: string): boolean {
  return /(?:^|\.)localhost\.?$/i.test(hostname);
}
