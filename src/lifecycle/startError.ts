import { ConfigError } from '../config/config.ts';

/**
 * Says in one line why the start failed and what to do; unknown errors keep their stack.
 *
 * @param prefix of the variables PORT and HOST
 */
export function explainStartError(error: unknown, prefix = ''): string {
  if (error instanceof ConfigError) return error.message;
  const { code, port, address } = error as { code?: string; port?: number; address?: string };
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use. Stop the program that listens there, or set ${prefix}PORT to another one.`;
    case 'EACCES':
      return `No permission to listen on port ${port}. Set ${prefix}PORT to one above 1023 and let Nginx, Caddy or Docker (-p 443:3002) lead there; or allow it, in a systemd unit by AmbientCapabilities=CAP_NET_BIND_SERVICE.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `This machine has no address ${address ?? 'of that name'}. Set ${prefix}HOST to one it has, or leave it empty.`;
    default:
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
