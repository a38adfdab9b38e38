import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  ServerResponse,
} from 'node:http';
import type { BlockList, Socket } from 'node:net';
import type { Exchange, Upgrade } from './exchange.ts';
import { identifyVisitor, isTrusted, plainAddress } from './host/visitor.ts';
import type { OpenWork } from './lifecycle/openWork.ts';
import { logAccess } from './log/access.ts';
import type { Log } from './log/logger.ts';

export interface ServerParts {
  readonly chain: RequestListener;
  readonly log: Log;
  readonly trustedProxies: BlockList;
  readonly openWork: OpenWork;
}

/**
 * Makes the HTTP server. A request and an upgrade enter the same chain: the upgrade with a
 * response of its own over its socket, so that a refusal is a complete HTTP answer.
 */
export function createProxyServer({ chain, log, trustedProxies, openWork }: ServerParts): Server {
  const enter = (req: IncomingMessage, res: ServerResponse, upgrade?: Upgrade) => {
    const exchange: Exchange = {
      requestId: requestIdOf(req, trustedProxies),
      target: req.url ?? '/',
      startedAt: performance.now(),
      visitor: identifyVisitor(req, trustedProxies),
      ...(upgrade && { upgrade }),
    };
    req.exchange = exchange;
    res.setHeader('X-Request-Id', exchange.requestId);
    if (openWork.draining) res.shouldKeepAlive = false;
    chain(req, res);
  };

  const latest = new WeakMap<Socket, ServerResponse>();
  const server = createServer({
    headersTimeout: 10_000,
    connectionsCheckingInterval: 2_000,
    requestTimeout: 0, // An upload may take as long as it takes.
    keepAliveTimeout: 75_000, // Longer than a front proxy keeps its own, so that it closes first.
    maxHeaderSize: 16_384,
    requireHostHeader: false, // The chain refuses its absence itself, and says so.
  });
  server.on('connection', (socket) => openWork.addConnection(socket));
  const onRequest = (req: IncomingMessage, res: ServerResponse) => {
    openWork.begin();
    latest.set(req.socket, res);
    res.once('close', () => {
      openWork.end();
      logAccess(log, req, res.headersSent && res.writableFinished ? res.statusCode : 499);
    });
    enter(req, res);
  };
  server.on('request', onRequest);
  // Left to Node, an unknown Expect is answered past this server, and an upgrade pipelined behind
  // it would find the socket taken.
  server.on('checkExpectation', onRequest);

  const enterUpgrade = (req: IncomingMessage, socket: Socket, head: Buffer) => {
    if (socket.destroyed) return;
    const response = new ServerResponse(req);
    response.shouldKeepAlive = false;
    try {
      response.assignSocket(socket);
    } catch {
      socket.destroy(); // An answer that is not ours still occupies it.
      return;
    }
    response.once('finish', () => {
      response.detachSocket(socket);
      socket.destroySoon();
    });
    openWork.addWebSocket(socket);
    socket.once('close', () => {
      const answered = req.exchange.switched ? 101 : response.statusCode;
      logAccess(log, req, response.headersSent || req.exchange.switched ? answered : 499);
    });
    enter(req, response, { socket, head, response });
  };
  server.on('upgrade', (req, stream, head) => {
    const socket = stream as Socket;
    socket.on('error', () => socket.destroy());
    // A pipelined upgrade waits until the requests before it on the connection are answered.
    const before = latest.get(socket);
    if (!before || before.closed) enterUpgrade(req, socket, head);
    else before.once('close', () => enterUpgrade(req, socket, head));
  });
  return server;
}

/** A trusted proxy's id is kept, so that one id leads through all logs; anyone else gets ours. */
function requestIdOf(req: IncomingMessage, trusted: BlockList): string {
  const given = req.headers['x-request-id'];
  const peer = plainAddress(req.socket.remoteAddress ?? '');
  const usable = typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given);
  return usable && isTrusted(peer, trusted) ? given : randomUUID();
}
