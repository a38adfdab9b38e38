import http, { type RequestListener, type Server, type ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';

/** A sandbox's app that has something of everything under way, and notes how it ends. */
export interface BusyApp {
  readonly server: Server;
  /** Answers of `/held` (its head is out) and `/silent` (not even that) that wait to be ended. */
  readonly held: ServerResponse[];
  /** Uploads whose first bytes have come. */
  uploads: number;
  /** The codes with which its WebSockets have closed; they echo until then. */
  readonly codes: number[];
  readonly problems: unknown[];
}

const eventMs = 7;

/** Makes it; `/events` is sent in pieces that end anywhere but with an event. */
export function createBusyApp(): BusyApp {
  const answer: RequestListener = (req, res) => {
    res.on('error', () => {});
    if (req.url === '/silent' || req.url === '/held') {
      app.held.push(res);
      if (req.url === '/held') res.flushHeaders();
    } else if (req.url === '/upload') {
      let size = 0;
      req.once('data', () => {
        app.uploads += 1;
      });
      req.on('data', (chunk: Buffer) => {
        size += chunk.length;
      });
      req.on('end', () => res.end(String(size)));
    } else if (req.url === '/events') {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write('da');
      const timer = setInterval(() => res.write(`ta: ${'x'.repeat(50)}\n\nda`), eventMs);
      res.once('close', () => clearInterval(timer));
    } else res.end('ok');
  };
  const server = http.createServer(answer);
  const app: BusyApp = { server, held: [], uploads: 0, codes: [], problems: [] };
  new WebSocketServer({ server }).on('connection', (socket) => {
    socket.on('error', (error) => app.problems.push(error));
    socket.on('message', (data, binary) => socket.send(data, { binary }));
    socket.on('close', (code) => app.codes.push(code));
  });
  return app;
}
