import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { WebSocketServer } from 'ws';

/** Lets an app echo every message of its WebSockets; a first one tells the Origin that it saw. */
export function echoSockets(app: Server): WebSocketServer {
  const echo = new WebSocketServer({ noServer: true });
  echo.on('connection', (socket, req) => {
    socket.on('error', () => {});
    socket.send(`origin ${req.headers.origin}`);
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  app.on('upgrade', (req, socket, head) => {
    if (req.url === '/refused') {
      socket.end('HTTP/1.1 403 Forbidden\r\nX-App: no\r\nContent-Length: 4\r\n\r\nnope');
    } else {
      echo.handleUpgrade(req, socket as Socket, head, (ws) => echo.emit('connection', ws, req));
    }
  });
  return echo;
}
