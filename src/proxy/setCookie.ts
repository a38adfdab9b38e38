/** Cookies of Daytona's edge and of this proxy: a sandbox that sets one plays somebody else. */
const reserved =
  /^(?:daytona-sandbox-auth-.*|daytona-preview-page-accepted|pkce_verifier|(?:__(?:host|secure)-)?daytona-proxy.*)$/i;

/** True for a cookie that is ours or Daytona's and no sandbox's business. */
export function isReservedCookie(name: string): boolean {
  return reserved.test(name.trim());
}

/**
 * Cleans one Set-Cookie value. Every `Domain` goes, however it is written, because all previews
 * share a parent domain and a cookie for it reaches the siblings; the rest stays byte for byte.
 *
 * @returns the value to pass on, or undefined where the whole cookie is dropped
 */
export function cleanSetCookie(value: string): string | undefined {
  const [pair = '', ...attributes] = value.split(';');
  // Browsers send a cookie without a name as its bare value, which then reads as name and value.
  const [name = ''] = pair.replace(/^[\s=]+/, '').split('=', 1);
  if (isReservedCookie(name)) return undefined;
  const kept = attributes.filter(
    (attribute) => (attribute.split('=', 1)[0] ?? '').trim().toLowerCase() !== 'domain',
  );
  return [pair, ...kept].join(';');
}
