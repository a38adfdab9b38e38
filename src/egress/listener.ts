import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Server } from 'proxy-chain';
import { saysScarce } from '../descriptors.ts';
import type { OpenWork } from '../lifecycle/openWork.ts';
import type { Log } from '../log/logger.ts';
import { sparingly } from '../log/sparingly.ts';
import { type AdmissionRules, type Admitted, admit, agentOver } from './admission.ts';
import { badAnswer, guardFarewells } from './farewell.ts';
import { guardAnswer } from './plainAnswer.ts';
import { joinTunnel } from './tunnel.ts';

/** Parts that listen to one socket are many here, and always the same ones. */
const mostListeners = 20;

export interface ListenerParts {
  readonly host: string | undefined;
  readonly port: number;
  readonly maxConnections: number;
  readonly headersTimeoutMs: number;
  readonly admission: AdmissionRules;
  readonly openWork: OpenWork;
  readonly log: Log;
  /** Told of requests that cannot be read. */
  onMalformed(client: Socket): void;
  /** Answers a request that is for this proxy itself. */
  answerOwn(req: IncomingMessage, res: ServerResponse): void;
}

/**
 * Makes the listener: `proxy-chain` reads requests and credentials, answers refusals and forwards
 * plain requests. What it is given for each is a connection that is dialled already, so that it
 * neither looks up a name nor dials by itself.
 */
export function createEgressListener(parts: ListenerParts): Server {
  const { admission, openWork, log } = parts;
  const waiting = new WeakMap<Socket, Admitted>();
  const tunnels = http.createServer();
  tunnels.removeAllListeners('connection');
  tunnels.on('connection', (client: Socket) => {
    const upstream = waiting.get(client)?.upstream;
    if (upstream) joinTunnel(client, upstream, openWork.addLasting);
    else client.destroy();
  });

  const proxy = new Server({
    port: parts.port,
    ...(parts.host !== undefined && { host: parts.host }),
    authRealm: 'daytona-proxy egress',
    prepareRequestFunction: async (asked) => {
      const admitted = await admit(asked, admission);
      const { request } = asked;
      if (!asked.isHttp) {
        waiting.set(request.socket, admitted);
        return { customConnectServer: tunnels };
      }
      request.rawHeaders.splice(0, request.rawHeaders.length, ...admitted.fields);
      // Node closes, without a word to the library, where a host changes to another protocol.
      admitted.upstream.once('close', () => setImmediate(answerAnyway, request));
      return { httpAgent: agentOver(admitted.upstream) };
    },
  });
  const answers = new WeakMap<Socket, ServerResponse>();
  const isAnswered = (client: Socket) => answers.get(client)?.headersSent ?? false;
  guardFarewells(proxy, { isAnswered, onMalformed: parts.onMalformed });
  const answerAnyway = (request: IncomingMessage) => {
    const { socket } = request;
    if (!isAnswered(socket) && !socket.destroyed) proxy.failRequest(request, badAnswer());
  };
  proxy.on('requestFailed', ({ error, request }: Failure) => {
    if (request.socket.destroyed) return; // The sandbox has left.
    log('error', 'egress.failed', { cause: error.message });
  });

  const server = proxy.server as http.Server;
  server.maxConnections = parts.maxConnections;
  server.headersTimeout = parts.headersTimeoutMs;
  server.requestTimeout = 0; // An upload may take as long as it takes.
  const tellFull = sparingly((count) => {
    log('warn', 'egress.full', { limit: parts.maxConnections, count });
  });
  const tellScarce = sparingly((count) => log('warn', 'limit.descriptors', { count }));
  server.on('drop', () => tellFull());
  server.on('error', (error) => {
    if (saysScarce(error)) tellScarce();
    else if (server.listening) throw error;
  });

  server.on('connection', (socket: Socket) => {
    socket.setMaxListeners(mostListeners);
    openWork.addConnection(socket);
    admission.strangers.add(socket);
  });

  const begun = new WeakSet<Socket>();
  /** @returns false where the connection has had its one exchange already */
  const begin = (socket: Socket): boolean => {
    if (begun.has(socket)) socket.destroy();
    else begun.add(socket);
    return !socket.destroyed;
  };
  server.removeAllListeners('request').on('request', (req, res) => {
    if (!begin(req.socket)) return;
    answers.set(req.socket, res);
    openWork.addRequest(res);
    res.on('error', () => {}); // The sandbox is gone.
    guardAnswer(res);
    if (req.url?.startsWith('/')) parts.answerOwn(req, res);
    else void proxy.onRequest(req, res);
  });
  server.removeAllListeners('connect').on('connect', (req, stream, head) => {
    const socket = stream as Socket;
    if (!begin(socket)) return;
    openWork.addWebSocket(socket);
    void proxy.onConnect(req, socket, head);
  });
  return proxy;
}

interface Failure {
  readonly error: Error;
  readonly request: IncomingMessage;
}
