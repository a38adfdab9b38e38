import type { OriginMode } from '../exchange.ts';

interface OriginContext {
  readonly mode: OriginMode;
  /** The visitor's Host header. */
  readonly host: string;
  readonly port: number;
  readonly upstreamOrigin: string;
}

/**
 * Says which Origin the app sees. Behind Daytona's edge its Host is `localhost:{port}`, so an
 * Origin of our own host looks foreign to apps that compare the two. Only that one is replaced:
 * a truly foreign Origin passes untouched, and the app's defence against CSRF with it.
 *
 * @returns the Origin to send, or undefined for none
 */
export function forwardedOrigin(origin: string, context: OriginContext): string | undefined {
  if (!isOwnOrigin(origin, context.host)) return origin;
  switch (context.mode) {
    case 'local':
      return `http://localhost:${context.port}`;
    case 'upstream':
      return context.upstreamOrigin;
    case 'strip':
      return undefined;
    default:
      return origin;
  }
}

/** Compares host and port, either scheme's default port left out; the scheme is TLS's affair. */
function isOwnOrigin(origin: string, host: string): boolean {
  const [, scheme, authority] = /^(https?):\/\/([^/?#@]+)$/i.exec(origin) ?? [];
  if (!scheme || !authority) return false;
  const defaultPort = scheme.toLowerCase() === 'https' ? /:443$/ : /:80$/;
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(defaultPort, '')
      .replace(/\.(?=:|$)/, '');
  return plain(authority) === plain(host);
}
