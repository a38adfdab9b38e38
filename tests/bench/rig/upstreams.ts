import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, ftruncateSync, mkdirSync, openSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { FrameReader, unmaskedFrame } from '../load/frames.ts';
import { firstAnswer } from './ask.ts';
import { nginxArguments } from './nginxFile.ts';
import { findProgram, freePort, startProgram } from './program.ts';
import { scratch } from './scratch.ts';

/** What every contender is a proxy to. */
export interface Upstream {
  readonly port: number;
  close(): Promise<void>;
}

/** `GET /small`, from either upstream: 102 bytes. */
export const smallBody = JSON.stringify({
  ok: true,
  text: 'a small answer, as an API gives'.padEnd(80, '.'),
});
/** `GET /large` and `POST /upload`. */
export const largeBytes = 100 * 2 ** 20;

/** Starts Nginx with the small answer in memory and the large one in a (sparse) file. */
export async function startNginxUpstream(): Promise<Upstream> {
  const file = findProgram('nginx');
  if (!file) throw new Error('nginx, the upstream of this benchmark, is not installed');
  const root = join(scratch, 'www');
  mkdirSync(root, { recursive: true });
  const large = openSync(join(root, 'large'), 'w');
  ftruncateSync(large, largeBytes);
  closeSync(large);
  const port = await freePort();
  const site = `access_log off; keepalive_timeout 75s; default_type application/octet-stream;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /small { default_type application/json; return 200 '${smallBody}'; }
    location = /large { root ${root}; }
  }`;
  const program = startProgram(file, nginxArguments(site));
  await firstAnswer(port, '/small', smallBody, () => program.ended);
  return { port, close: program.stop };
}

/**
 * Starts, in this process, what Nginx cannot be: an app that reads an upload to its end and says
 * how long it was (Nginx answers before it has read, or writes to the disk), and echoes WebSocket
 * messages.
 */
export async function startAppUpstream(): Promise<Upstream> {
  const server = createServer((req, res) => {
    const answer = (text: string) =>
      res
        .writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': text.length })
        .end(text);
    if (req.url === '/small') answer(smallBody);
    else if (req.url === '/upload') countBody(req, (bytes) => answer(JSON.stringify({ bytes })));
    else res.writeHead(404, { 'Content-Length': 0 }).end();
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.setNoDelay());
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (req, socket) => echo(req, socket as Socket));
  server.keepAliveTimeout = 75_000;
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function countBody(req: IncomingMessage, done: (bytes: number) => void): void {
  let bytes = 0;
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  req.on('end', () => done(bytes));
}

function echo(req: IncomingMessage, socket: Socket): void {
  const key = `${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash('sha1').update(key).digest('base64');
  const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
  const reader = new FrameReader((payload) => socket.write(unmaskedFrame(payload)));
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => reader.read(chunk));
  socket.on('end', () => socket.end());
  socket.write(head);
}
