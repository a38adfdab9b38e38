/**
 * Loaded into the proxy's process before it starts (`node --expose-gc --import`), so that nothing
 * in `src` is there for tests alone. It watches, and answers each message with what it sees.
 */
import { subscribe } from 'node:diagnostics_channel';
import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';

/** What the process holds at one moment. Sizes are bytes. */
export interface Reading {
  readonly rss: number;
  readonly heapUsed: number;
  /** Memory outside the heap that objects on it own, buffers among it. */
  readonly external: number;
  readonly fileDescriptors: number;
  /** The ports of every open TCP connection. */
  readonly sockets: readonly { readonly local: number; readonly remote: number }[];
  /** Timers that keep the process alive. */
  readonly timers: number;
  /** Of the socket that has most, and of the process itself. */
  readonly mostListeners: number;
  readonly processListeners: number;
  /** Errors that nobody caught, and warnings, of listeners that grow in number for one. */
  readonly troubles: readonly string[];
}

const sockets = new Set<Socket>();
const troubles: string[] = [];

const watch = (message: unknown) => {
  const { socket } = message as { socket: Socket };
  sockets.add(socket);
  socket.once('close', () => sockets.delete(socket));
};
subscribe('net.server.socket', watch);
subscribe('net.client.socket', watch);

const note = (kind: string) => (thrown: unknown) => {
  troubles.push(`${kind}: ${thrown instanceof Error ? thrown.stack : thrown}`);
};
process.on('uncaughtExceptionMonitor', note('uncaught'));
process.on('unhandledRejection', note('rejection'));
process.on('warning', note('warning'));

process.on('message', async (collect: boolean) => {
  // What ended in one turn is often let go of only in the next.
  for (let i = 0; collect && i < 4; i++) {
    globalThis.gc?.();
    await new Promise((done) => setImmediate(done));
  }
  process.send?.(read());
});
process.channel?.unref();
process.once('disconnect', () => process.exit()); // The test has ended, however it ended.

function read(): Reading {
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    rss,
    heapUsed,
    external,
    fileDescriptors: readdirSync('/proc/self/fd').length,
    sockets: [...sockets].map(({ localPort, remotePort }) => ({
      local: localPort ?? 0,
      remote: remotePort ?? 0,
    })),
    timers: process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length,
    mostListeners: Math.max(0, ...[...sockets].map(listenersOf)),
    processListeners: listenersOf(process),
    troubles,
  };
}

function listenersOf(emitter: NodeJS.EventEmitter): number {
  return emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0);
}
