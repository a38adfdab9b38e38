import { on, once } from 'node:events';
import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { WebSocket } from 'ws';
import { type Connect, plain } from './transport.ts';

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: string[];
  readonly body: string;
}

export interface Ask {
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  readonly agent?: http.Agent;
  readonly connect?: Connect;
}

/** Sends one request to a loopback port under any Host, and gives the answer with its open body. */
export async function open(port: number, ask: Ask): Promise<IncomingMessage> {
  const { connect } = ask;
  const req = http.request({
    host: '127.0.0.1',
    port,
    path: ask.path ?? '/',
    method: ask.method ?? 'GET',
    headers: { ...ask.headers, host: ask.host },
    // An agent would make its connections itself.
    ...(connect ? { createConnection: () => connect(port) } : { agent: ask.agent ?? false }),
  });
  req.end(ask.body);
  req.on('error', () => {}); // After the answer, a write that fails is the rest of an upload.
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  return res;
}

/** The same, read to the end. */
export async function ask(port: number, what: Ask): Promise<Answer> {
  const res = await open(port, what);
  const chunks: Buffer[] = [];
  for await (const chunk of res) chunks.push(chunk as Buffer);
  return {
    status: res.statusCode ?? 0,
    headers: res.headers,
    rawHeaders: res.rawHeaders,
    body: Buffer.concat(chunks).toString(),
  };
}

/** Sends bytes as they are and returns all that comes back until the connection is closed. */
export async function raw(port: number, text: string, connect = plain): Promise<string> {
  const socket = connect(port);
  socket.setEncoding('latin1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk;
  });
  socket.on('error', () => {});
  socket.write(text, 'latin1');
  await new Promise((done) => socket.once('close', done)); // By a reset, which is an error first.
  return received;
}

export interface OpenWebSocket {
  readonly socket: WebSocket;
  /** The next message; none is lost, also where it came right behind the handshake. */
  next(): Promise<{ data: Buffer; binary: boolean }>;
}

/** Opens a WebSocket under any Host. */
export async function openWebSocket(
  port: number,
  host: string,
  path = '/',
  headers: Record<string, string> = {},
  connect = plain,
): Promise<OpenWebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
    headers: { ...headers, host },
    createConnection: () => connect(port),
  });
  const messages = on(socket, 'message');
  await once(socket, 'open');
  return {
    socket,
    next: async () => {
      const [data, binary] = (await messages.next()).value as [Buffer, boolean];
      return { data, binary };
    },
  };
}

/** Tries an upgrade that is refused, and returns that answer. */
export async function refusedUpgrade(
  port: number,
  host: string,
  path = '/',
  connect = plain,
): Promise<Answer> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
    headers: { host },
    createConnection: () => connect(port),
  });
  socket.on('error', () => {});
  const [, res] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  let body = '';
  for await (const chunk of res) body += chunk;
  return { status: res.statusCode ?? 0, headers: res.headers, rawHeaders: res.rawHeaders, body };
}

/** The `code` of one of our JSON errors. */
export function codeOf({ body }: Answer): string {
  return JSON.parse(body).error.code;
}
