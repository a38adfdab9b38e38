import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { ProcessGroup } from './processGroup.ts';

/** A process on loopback that stands for an app in a sandbox. */
export interface AppProcess {
  readonly port: number;
  /** Ends the process and all that it has started. */
  close(): Promise<void>;
}

const startTimeoutMs = 30_000;

/**
 * Starts a program that listens on a free loopback port, and waits until it does.
 *
 * @param args gets the port to listen on
 * @throws Error if the program ends, or does not listen within 30 s
 */
export async function startApp(
  program: string,
  args: (port: number) => readonly string[],
): Promise<AppProcess> {
  const port = await freePort();
  const child = spawn(program, args(port), {
    cwd: tmpdir(), // Not the folder where somebody keeps the proxy's .env.
    detached: true, // A group of its own, so that its children can be ended with it.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const group = new ProcessGroup(child);
  const ended = once(child, 'exit').catch(() => {});
  try {
    const failed = ended.then(() => Promise.reject(new Error(`${program} ended at its start`)));
    await Promise.race([failed, listening(port, performance.now() + startTimeoutMs)]);
  } catch (error) {
    group.end();
    throw error;
  }
  return {
    port,
    close: async () => {
      group.end();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function listening(port: number, deadline: number): Promise<void> {
  while (performance.now() < deadline) {
    const socket = net.connect(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`nothing listens on port ${port}`);
}
