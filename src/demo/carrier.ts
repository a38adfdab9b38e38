import http, { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { refuseDial } from './sandboxDoor.ts';

/** An admitted request: where its app listens, and what the app gets to see. */
export interface Admitted {
  readonly appPort: number;
  /** What the app is asked for, query included. */
  readonly path: string;
  readonly headers: readonly string[];
  /** What an answer to a request gets on top of the app's own headers. */
  readonly added: readonly string[];
}

/** Says how to go on, or answers itself and returns undefined. */
export type Admit = (req: IncomingMessage, res: ServerResponse) => Admitted | undefined;

/**
 * A server that carries bytes to the apps of sandboxes as the edge and the runners do. Who may pass
 * is decided by `admit`, alike for requests and upgrades.
 */
export function createCarrier(admit: Admit): Server {
  const server = http.createServer({ keepAliveTimeout: 70_000 }, (req, res) => {
    const verdict = admit(req, res);
    if (!verdict) return;
    const outgoing = dial(req, verdict, res);
    outgoing.on('response', (answer) => {
      answer.on('error', () => res.destroy());
      try {
        res.writeHead(answer.statusCode ?? 502, [...verdict.added, ...answer.rawHeaders]);
      } catch {
        res.destroy();
        return;
      }
      res.flushHeaders();
      answer.pipe(res);
    });
    // What the app does not read of an upload is read here, or the connection would be stuck.
    outgoing.once('close', () => req.unpipe(outgoing).resume());
    req.pipe(outgoing);
  });
  server.on('upgrade', (req, stream, head) => {
    const socket = stream as Socket;
    socket.on('error', () => socket.destroy());
    const res = new ServerResponse(req);
    res.shouldKeepAlive = false;
    res.assignSocket(socket);
    res.once('finish', () => socket.destroySoon());
    const verdict = admit(req, res);
    if (!verdict) return;
    const outgoing = dial(req, verdict, res);
    outgoing.on('response', (answer) => {
      answer.on('error', () => socket.destroy());
      res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(res);
    });
    outgoing.on('upgrade', (answer, app, appHead) => {
      app.on('error', () => app.destroy());
      res.detachSocket(socket);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines(answer.rawHeaders)}\r\n`, 'latin1');
      if (appHead.length > 0) socket.write(appHead);
      if (head.length > 0) app.write(head);
      app.pipe(socket).pipe(app);
      app.on('close', () => socket.destroySoon());
      socket.on('close', () => app.destroySoon());
    });
    outgoing.end();
  });
  return server;
}

/** Opens the request to the app; where nothing listens, answers as Go's reverse proxy does. */
function dial(
  req: IncomingMessage,
  { appPort, path, headers }: Admitted,
  res: ServerResponse,
): http.ClientRequest {
  const outgoing = http.request({
    host: '127.0.0.1',
    port: appPort,
    method: req.method ?? 'GET',
    path,
    headers,
    setHost: false,
    agent: false,
  });
  res.on('close', () => outgoing.destroy());
  // An app that answers early closes on the rest of the upload: its answer still counts.
  let answered = false;
  outgoing.once('response', () => {
    answered = true;
  });
  outgoing.on('error', () => {
    if (!answered && !res.headersSent) refuseDial(res);
  });
  return outgoing;
}

function lines(rawHeaders: readonly string[]): string {
  let text = '';
  for (let i = 0; i < rawHeaders.length; i += 2)
    text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`;
  return text;
}
