/**
 * The app of the demo sandbox, started as a process of its own with a port as its argument.
 * It speaks as any dev server does: pages, JSON, an event stream and a WebSocket.
 */
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { demoPage } from './page.ts';

const port = Number(process.argv[2]);
const server = createServer((req, res) => {
  const path = (req.url ?? '/').split('?', 1)[0];
  if (path === '/') {
    res.setHeader('Content-Type', 'text/html; charset=utf-8').end(demoPage(req.headers));
  } else if (path === '/health') {
    res.setHeader('Content-Type', 'application/json').end('{"app":"demo sandbox"}');
  } else if (path === '/headers') {
    res.setHeader('Content-Type', 'application/json').end(JSON.stringify(req.headers, null, 2));
  } else if (path === '/pid') {
    res.end(String(process.pid));
  } else if (path === '/events') {
    res.setHeader('Content-Type', 'text/event-stream');
    const tick = () => res.write(`data: ${new Date().toISOString()}\n\n`);
    const timer = setInterval(tick, 1000);
    res.on('close', () => clearInterval(timer));
    tick();
  } else {
    res.writeHead(404, { 'Content-Type': 'text/plain' }).end('The demo app has no such page.\n');
  }
});
const sockets = new WebSocketServer({ server, path: '/ws' });
sockets.on('connection', (socket) => {
  socket.on('error', () => {});
  socket.on('message', (message, binary) => socket.send(message, { binary }));
});
server.listen(port, '127.0.0.1');
process.once('disconnect', () => process.exit()); // The demo has ended, however it ended.
process.once('SIGINT', () => {}); // Ctrl-C reaches the whole group; the demo ends its sandboxes.
