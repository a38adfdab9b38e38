import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** Ends the sandbox's half of the connection. */
export const FIN = Symbol('FIN');
/** Resets the connection. */
export const RST = Symbol('RST');
/** Waits until the visitor has received something. */
export const SEEN = Symbol('SEEN');
/** Waits until the proxy has closed the connection. */
export const GONE = Symbol('GONE');

const headEnd = '\r\n\r\n';

/** What a scripted sandbox does next: bytes as latin1, the same bytes for ever, or a sign above. */
export type Step = string | { readonly endless: string } | symbol;

/** One request that reached the sandbox. */
export interface Received {
  readonly path: string;
  readonly socket: Socket;
  /** Resolves when the script is over, or cannot go on because the connection has closed. */
  readonly played: Promise<void>;
}

export interface Script {
  /** The steps for a request; its path chooses. */
  readonly answer: (path: string) => readonly Step[];
  /** Steps at once when a connection opens, before any request. */
  readonly greeting?: () => readonly Step[];
  /** Resolves when the visitor who asked for the path has received something. */
  readonly seen?: (path: string) => Promise<void>;
}

export interface ScriptedUpstream {
  readonly port: number;
  /** Every request so far. */
  readonly received: readonly Received[];
  /** Gives the first request with that path, also where it comes only later. */
  asked(path: string): Promise<Received>;
  close(): Promise<void>;
}

/** Starts a sandbox's app on a loopback port that answers each head by a script, byte for byte. */
export async function startScriptedUpstream(script: Script): Promise<ScriptedUpstream> {
  const sockets = new Set<Socket>();
  const received: Received[] = [];
  const waiting = new Map<string, (request: Received) => void>();
  // Half open, because a socket that Node has begun to end can no longer be reset.
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('end', () => socket.destroy());
    serve(socket, script, (request) => {
      received.push(request);
      waiting.get(request.path)?.(request);
    }).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received,
    asked: (path) =>
      new Promise((resolve) => {
        const found = received.find((request) => request.path === path);
        if (found) resolve(found);
        else waiting.set(path, resolve);
      }),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(socket: Socket, script: Script, tell: (request: Received) => void) {
  socket.setNoDelay(true);
  socket.setEncoding('latin1');
  let text = '';
  // Read also while a script is played, or the end of the connection would go unnoticed.
  socket.on('data', (chunk: string) => {
    text += chunk;
    if (!busy) next().catch(() => socket.destroy());
  });
  let busy = false;
  const next = async () => {
    busy = true;
    for (let end = text.indexOf(headEnd); end >= 0; end = text.indexOf(headEnd)) {
      const path = text.split(' ', 2)[1] ?? '';
      text = text.slice(end + headEnd.length);
      const { promise: played, resolve: over } = Promise.withResolvers<void>();
      tell({ path, socket, played });
      await play(socket, script.answer(path), async () => script.seen?.(path));
      over();
    }
    busy = false;
  };
  if (script.greeting) await play(socket, script.greeting(), async () => {});
}

async function play(socket: Socket, steps: readonly Step[], seen: () => Promise<void>) {
  for (const step of steps) {
    if (socket.destroyed) return;
    if (step === FIN) socket.end();
    else if (step === RST) socket.resetAndDestroy();
    else if (step === SEEN) await seen();
    else if (step === GONE) await new Promise((resolve) => socket.once('close', resolve));
    else if (typeof step === 'string') await write(socket, step);
    else if (typeof step === 'object') {
      while (!socket.destroyed) await write(socket, step.endless);
    }
  }
}

/** Resolves when the bytes have left, or the connection has. */
function write(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve) => socket.write(text, 'latin1', () => setImmediate(resolve)));
}
