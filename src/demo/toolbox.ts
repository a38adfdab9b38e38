import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';

/** A folder's files by name, and a file's text. */
type Tree = { readonly [name: string]: Tree | string };

const tree: Tree = { home: { 'notes.txt': 'hello', src: { 'main.ts': 'console.log(1);\n' } } };

/** A sandbox's own toolbox: little of what the real one does, over HTTP and a WebSocket. */
export function createToolbox(): Server {
  const server = createServer((req, res) => {
    const { pathname, searchParams } = new URL(`http://toolbox${req.url}`);
    if (pathname === '/version') json(res, 200, { version: 'embedded' });
    else if (pathname === '/files') listFiles(searchParams.get('path') ?? '/', res);
    else if (pathname === '/redirect') res.writeHead(302, { Location: '/version' }).end();
    else if (pathname === '/headers') json(res, 200, req.headers);
    else json(res, 404, failure(req, 404, 'not found'));
  });
  const sockets = new WebSocketServer({ server, path: '/ws' });
  sockets.on('connection', (socket) => {
    socket.on('error', () => {});
    socket.on('message', (message, binary) => socket.send(message, { binary }));
  });
  return server;
}

function listFiles(path: string, res: ServerResponse): void {
  let at: Tree | string | undefined = tree;
  for (const name of path.split('/').filter(Boolean)) {
    at = typeof at === 'object' && Object.hasOwn(at, name) ? at[name] : undefined;
  }
  if (typeof at !== 'object') {
    json(res, 404, failure(res.req, 404, 'no such folder'));
    return;
  }
  const files = Object.entries(at).map(([name, content]) => ({
    name,
    isDir: typeof content === 'object',
    size: typeof content === 'string' ? content.length : 0,
  }));
  json(res, 200, files);
}

function failure({ url, method }: IncomingMessage, statusCode: number, message: string) {
  return { statusCode, message, path: url, method, timestamp: new Date() };
}

function json(res: ServerResponse, statusCode: number, value: unknown): void {
  const body = JSON.stringify(value);
  res.writeHead(statusCode, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  res.end(body);
}
