import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createClient } from '@redis/client';
import { freePorts } from './binary.ts';
import { findBinary } from './findBinary.ts';

/** A real Redis that keeps nothing on disk, and that a test may treat badly. */
export interface Redis {
  readonly port: number;
  readonly url: string;
  /** Says nothing from now on, on connections that stay open. */
  pause(): void;
  resume(): void;
  /** As a machine that loses its power. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>;
  /** A connection of the test's own. */
  connect(): Promise<Inspector>;
  close(): Promise<void>;
}

export type Inspector = ReturnType<typeof createClient>;

/** @param args more settings of redis-server */
export async function startRedis(...args: string[]): Promise<Redis> {
  const [port] = await freePorts();
  let child = await start(port, args);
  const clients: Inspector[] = [];
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    kill,
    restart: async () => {
      await kill();
      child = await start(port, args);
    },
    connect: async () => {
      const client = createClient({
        socket: { port, host: '127.0.0.1', reconnectStrategy: false },
      });
      client.on('error', () => {});
      clients.push(client as Inspector);
      await client.connect();
      return client as Inspector;
    },
    close: async () => {
      for (const client of clients) client.destroy();
      await kill();
    },
  };
}

async function start(port: number, args: readonly string[]): Promise<ChildProcess> {
  const binary = findBinary('redis-server');
  if (binary === undefined) throw new Error('redis-server is not installed');
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', ''];
  const child = spawn(binary, [...settings, '--appendonly', 'no', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout })
      .on('line', (line) => {
        lines.push(line);
        if (line.includes('Ready to accept connections')) resolve();
      })
      .on('close', () => reject(new Error(`redis-server ended:\n${lines.join('\n')}`)));
  });
  return child;
}
