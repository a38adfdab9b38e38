import { EventEmitter, once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type ApiCall, createApi, type People } from './api.ts';
import { createEdge } from './edge.ts';
import { Faults } from './faults.ts';
import { Sandboxes } from './sandboxes.ts';

export interface EmbeddedDaytonaOptions {
  readonly apiKey?: string;
  readonly domain?: string;
  readonly people?: People;
}

/** A running embedded Daytona. Both its servers listen on 127.0.0.1 and nowhere else. */
export interface EmbeddedDaytona {
  readonly apiKey: string;
  /** `http://127.0.0.1:41234/api` */
  readonly apiUrl: string;
  readonly edgePort: number;
  /** Preview hosts are `{port}-{id}.{domain}:{edgePort}`. */
  readonly domain: string;
  readonly sandboxes: Sandboxes;
  readonly faults: Faults;
  /** Every API call so far. */
  readonly calls: ApiCall[];
  /** Resolves as soon as the API has received that many calls. */
  called(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts an API and a preview edge on free loopback ports. */
export async function startDaytona(options: EmbeddedDaytonaOptions = {}): Promise<EmbeddedDaytona> {
  const { apiKey = 'demo-key', domain = 'preview.localhost', people } = options;
  const sandboxes = new Sandboxes();
  const faults = new Faults();
  const calls: ApiCall[] = [];
  const received = new EventEmitter();
  const onCall = (call: ApiCall) => {
    calls.push(call);
    received.emit('call');
  };
  const edge = await listen(createEdge({ domain, sandboxes }));
  const previewUrl = (label: string, port: number) =>
    `http://${port}-${label}.${domain}:${edge.port}`;
  const api = await listen(
    createServer(createApi({ apiKey, people, sandboxes, faults, onCall, previewUrl })),
  );
  return {
    apiKey,
    apiUrl: `http://127.0.0.1:${api.port}/api`,
    edgePort: edge.port,
    domain,
    sandboxes,
    faults,
    calls,
    called: async (count) => {
      while (calls.length < count) await once(received, 'call');
    },
    close: async () => {
      await Promise.all([api.close(), edge.close()]);
    },
  };
}

/** Listens on a free loopback port; closing ends every socket, upgraded ones too. */
async function listen(server: Server): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
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
