import { once } from 'node:events';
import type { Server } from 'node:http';
import type { OpenWork } from './openWork.ts';

/**
 * Ends the server without losing what is under way: no new connections, idle ones closed, open
 * requests and WebSockets left alone until `timeoutMs`, then everything ended.
 */
export async function drain(server: Server, openWork: OpenWork, timeoutMs: number): Promise<void> {
  const done = openWork.drain();
  const closed = once(server, 'close');
  server.close();
  let late: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    late = setTimeout(resolve, timeoutMs);
  });
  await Promise.race([done, timeout]);
  clearTimeout(late);
  openWork.destroyAll();
  await closed;
}
