import { constants } from 'node:crypto';
import http, {
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { Log } from './log/logger.ts';
import { sparingly } from './log/sparingly.ts';
import type { CertificateTexts } from './tls/certificate.ts';

/** From the TCP connection to the end of its handshake; a peer that does not finish is cut off. */
const handshakeMs = 10_000;

/**
 * Makes the server that listens: for HTTP, or with a certificate for HTTPS.
 *
 * TLS carries HTTP/1.1 and nothing else, said by ALPN: what is promised about bytes that pass as
 * they are, and the way of upgrades, is HTTP/1.1's. HTTP/2 is for a proxy in front.
 */
export function createListener<
  Request extends typeof IncomingMessage,
  Response extends typeof ServerResponse<InstanceType<Request>>,
>(
  options: ServerOptions<Request, Response>,
  certificate: CertificateTexts | undefined,
  log: Log,
): Server<Request, Response> {
  if (!certificate) return http.createServer(options);
  const server = https.createServer({
    ...options,
    ...secureContext(certificate),
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: handshakeMs,
    allowHalfOpen: false, // So that who leaves during the handshake is noticed then.
  });
  // The TCP socket below stays, and its errors with it.
  server.on('connection', (socket: Socket) => socket.on('error', () => socket.destroy()));
  server.on('secureConnection', (socket) => {
    socket.allowHalfOpen = true; // As Node’s HTTP server has its own, from here on.
  });
  const tell = sparingly((count, last) => log('info', 'tls.failed', { count, last }));
  // First of all, as long as the socket still knows its peer. Closed by answerClientErrors, to
  // which Node passes it on.
  server.prependListener(
    'tlsClientError',
    ({ code = '' }: NodeJS.ErrnoException, { remoteAddress = '' }: TLSSocket) => {
      // Whoever connects and leaves, as a load balancer's check of the port, is no failure.
      if (/^ERR_(?:SSL|TLS)_/.test(code)) tell(`${code}, ${remoteAddress}`);
    },
  );
  return server;
}

/** The event by which a server hands out a connection on which HTTP is spoken from here on. */
export function spokenEvent(server: Server): 'connection' | 'secureConnection' {
  return server instanceof https.Server ? 'secureConnection' : 'connection';
}

/** Has new connections served with another certificate; those that are open stay. */
export function renewCertificate(server: Server, certificate: CertificateTexts): void {
  if (server instanceof https.Server) server.setSecureContext(secureContext(certificate));
}

/** Said whole each time: what a renewal leaves out would be gone from then on. */
function secureContext({ cert, key }: CertificateTexts): SecureContextOptions {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION, // It costs the server most.
  };
}
