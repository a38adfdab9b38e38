import net, { type Socket } from 'node:net';
import tls from 'node:tls';

/** Opens a connection to a loopback port; what is written is sent as soon as it can be. */
export type Connect = (port: number) => Socket;

export const plain: Connect = (port) => net.connect(port, '127.0.0.1');

/** TLS that trusts one certificate and asks for one name, as a browser does for a sandbox's host. */
export function tlsTo(
  servername: string,
  pem: string,
  options: tls.ConnectionOptions = {},
): (port: number) => tls.TLSSocket {
  return (port) => tls.connect({ host: '127.0.0.1', port, servername, ca: pem, ...options });
}
