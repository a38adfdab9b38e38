import { randomUUID } from 'node:crypto';
import { IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { BlockList, Socket } from 'node:net';
import type { Express, Request, Response } from 'express';
import { ClientConnection } from './connection/clientConnection.ts';
import { answerClientErrors } from './connection/clientErrors.ts';
import { watchUpgrade } from './connection/upgradeWatch.ts';
import { saysScarce } from './descriptors.ts';
import { Exchange, type Upgrade } from './exchange.ts';
import { identifyPeer, identifyVisitor, type Peer } from './host/visitor.ts';
import type { OpenWork } from './lifecycle/openWork.ts';
import type { Occupancy } from './limits/occupancy.ts';
import { createListener, spokenEvent } from './listener.ts';
import type { Log } from './log/logger.ts';
import { sparingly } from './log/sparingly.ts';
import { asProxyError, ProxyError } from './replies/errors.ts';
import type { Look } from './replies/look.ts';
import { rawAnswer } from './replies/rawAnswer.ts';
import { sendError } from './replies/send.ts';
import { tellFinished } from './telemetry/finished.ts';
import type { Observer } from './telemetry/observer.ts';
import type { CertificateTexts } from './tls/certificate.ts';

export interface ServerParts {
  readonly chain: Express;
  readonly log: Log;
  readonly observer: Observer;
  /** With one, HTTPS is spoken. */
  readonly certificate: CertificateTexts | undefined;
  readonly trustedProxies: BlockList;
  /** How visitors come where neither TLS of our own nor a trusted proxy says so. */
  readonly assumedProto: 'http' | 'https' | undefined;
  readonly openWork: OpenWork;
  readonly clients: Occupancy;
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
  readonly headersTimeoutMs: number;
  readonly look: Look;
}

/**
 * Makes the HTTP or HTTPS server. A request and an upgrade enter the same chain: the upgrade with a
 * response of its own over its socket, so that a refusal is a complete HTTP answer.
 */
export function createProxyServer(parts: ServerParts): Server {
  const { chain, log, observer, trustedProxies, openWork, clients } = parts;
  const connections = new Map<Socket, ClientConnection>();
  const messages = messagesOf(chain);
  const options = {
    ...messages,
    optimizeEmptyRequests: true, // Most requests have no body, and need no stream for it.
    headersTimeout: parts.headersTimeoutMs,
    connectionsCheckingInterval: 2_000,
    requestTimeout: 0, // An upload may take as long as it takes.
    keepAliveTimeout: 75_000, // Longer than a front proxy keeps its own, so that it closes first.
    maxHeaderSize: parts.maxHeaderBytes,
    requireHostHeader: false, // The chain refuses its absence itself, and says so.
  };
  const server = createListener(options, parts.certificate, log);
  server.maxConnections = parts.maxConnections;
  const tellDropped = sparingly((count) => {
    log('warn', 'limit.connections', { limit: parts.maxConnections, count });
    observer.limited('connections', count);
  });
  const tellRefused = sparingly((count, client) => {
    log('warn', 'limit.client', { client, count });
    observer.limited('client-connections', count);
  });
  server.on('drop', () => tellDropped());
  const tellScarce = sparingly((count) => {
    log('warn', 'limit.descriptors', { count });
    observer.limited('descriptors', count);
  });
  // A connection that cannot be accepted is no reason to end; what fails at the start is told there.
  server.on('error', (error) => {
    if (saysScarce(error)) tellScarce();
    else if (server.listening) throw error;
  });

  server.on(spokenEvent(server), (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    openWork.addConnection(socket);
    connections.set(socket, new ClientConnection(socket, trustedProxies));
    socket.once('close', () => connections.delete(socket));
  });

  // Every TCP connection: one on which TLS is still to come counts as much.
  server.on('connection', (socket: Socket) => {
    const connection = connections.get(socket);
    if (!connection) openWork.addTransport(socket);
    const peer = connection?.peer ?? identifyPeer(socket, trustedProxies);
    if (peer.trusted) return; // Its connections are many visitors', who are counted one by one.
    if (clients.take(peer.network)) {
      socket.once('close', () => clients.release(peer.network));
      return;
    }
    tellRefused(peer.address);
    if (connection) {
      connection.closing = true;
      const refusal = rawAnswer(new ProxyError('TOO_MANY_CONNECTIONS'), randomUUID());
      socket.end(refusal, () => socket.destroy());
    } else {
      socket.destroy(); // A handshake, without which nothing can be said, costs more than a request.
    }
  });

  const connectionOf = (socket: Socket): ClientConnection =>
    connections.get(socket) ?? new ClientConnection(socket, trustedProxies);

  const exchangeOf = (req: IncomingMessage, peer: Peer, upgrade?: Upgrade): Exchange => {
    const visitor = identifyVisitor(req, peer, trustedProxies, parts.assumedProto);
    const id = requestIdOf(req, peer);
    const exchange = new Exchange(id, req, visitor, upgrade, openWork.addLasting);
    exchange.look = parts.look;
    return exchange;
  };

  // Express's own entry would add prototypes, which requests here have from birth, and its error
  // page. The router itself gives up on a target in which it finds no path, CONNECT's for one.
  const enter = (req: IncomingMessage, res: ServerResponse) =>
    chain.router(req as Request, res as Response, (error?: unknown) => {
      const problem = asProxyError(error ?? new ProxyError('INVALID_REQUEST'));
      req.exchange.error = problem.code;
      sendError(req, res, problem);
    });

  const begin = (
    connection: ClientConnection,
    req: IncomingMessage,
    res: ServerResponse,
    awaitsContinue: boolean,
  ) => {
    if (connection.closing || !req.socket.writable) return;
    openWork.addRequest(res);
    connection.turns.latest = res;
    const exchange = exchangeOf(req, connection.peer);
    exchange.awaitsContinue = awaitsContinue;
    req.exchange = exchange;
    res.on('error', () => {}); // A write that failed; the client is gone.
    res.on('close', () => {
      exchange.end();
      tellFinished(observer, exchange, statusOf(res, exchange));
      if (!req.socket.destroyed) connection.turns.next();
    });
    enter(req, res);
    // Nobody knows where a request would begin behind one that two parsers read differently.
    if (exchange.error === 'INVALID_REQUEST') connection.closing = true;
  };
  const onRequest = (req: IncomingMessage, res: ServerResponse, awaitsContinue = false) => {
    const connection = connectionOf(req.socket);
    connection.turns.take(req, () => begin(connection, req, res, awaitsContinue));
  };
  server.on('request', (req, res) => onRequest(req, res));
  // Not answered by Node at once: a client that waits for our word sends its body after admission.
  server.on('checkContinue', (req, res) => onRequest(req, res, true));
  // Left to Node, an unknown Expect is answered past this server, and an upgrade pipelined behind
  // it would find the socket taken.
  server.on('checkExpectation', (req, res) => onRequest(req, res));

  const onUpgrade = (req: IncomingMessage, socket: Socket, takeOver: Upgrade['takeOver']) => {
    const { peer, closing } = connectionOf(socket);
    if (!socket.writable || closing) return;
    const response = new messages.ServerResponse(req);
    response.shouldKeepAlive = false;
    response.on('error', () => {});
    try {
      response.assignSocket(socket);
    } catch {
      socket.destroy(); // An answer that is not ours still occupies it.
      return;
    }
    closeBehind(response, socket);
    openWork.addWebSocket(socket);
    const exchange = exchangeOf(req, peer, { socket, response, takeOver });
    req.exchange = exchange;
    // Holds the exchange and not the request: this is all that an open WebSocket keeps of it.
    socket.once('close', () => {
      exchange.end();
      const refusal = exchange.upgrade?.response;
      tellFinished(observer, exchange, refusal ? statusOf(refusal, exchange) : 101);
    });
    enter(req, response);
  };
  server.on('upgrade', (req, stream, head) => {
    const socket = stream as Socket;
    const takeOver = watchUpgrade(socket, head);
    connectionOf(socket).turns.take(req, () => onUpgrade(req, socket, takeOver));
  });
  server.on('connect', (req, stream, head) => server.emit('upgrade', req, stream, head));
  answerClientErrors(server, connections, log);
  return server;
}

/** Closes an upgrade's connection behind an answer that is not 101. */
function closeBehind(response: ServerResponse, socket: Socket): void {
  response.once('finish', () => {
    response.detachSocket(socket);
    socket.destroySoon();
  });
}

/**
 * Express gives every request and response its own prototypes. To be born with them spares each a
 * change of shape, which slows all that comes after it (about 5 % of a small request).
 */
function messagesOf(chain: Express) {
  class ChainRequest extends IncomingMessage {}
  class ChainResponse extends ServerResponse {}
  chain.request = Object.setPrototypeOf(ChainRequest.prototype, chain.request);
  chain.response = Object.setPrototypeOf(ChainResponse.prototype, chain.response);
  return { IncomingMessage: ChainRequest, ServerResponse: ChainResponse };
}

/** What the client saw; 499 where it left before the answer was whole. */
function statusOf(res: ServerResponse, exchange: Exchange): number {
  if (res.writableFinished || (exchange.error && res.headersSent)) return res.statusCode;
  return 499;
}

/** A trusted proxy's id is kept, so that one id leads through all logs; anyone else gets ours. */
function requestIdOf(req: IncomingMessage, peer: Peer): string {
  if (peer.trusted) {
    const given = req.headers['x-request-id'];
    if (typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given)) return given;
  }
  return randomUUID();
}
