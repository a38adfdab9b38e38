import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';

const program = `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 },
  function () { console.log(this.address().port); })`;

/** A port on which nobody accepts any more: whoever dials it hears nothing, not even a refusal. */
export async function startDeafHost(): Promise<{ port: number; close(): void }> {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = await once(child.stdout, 'data');
  const port = Number(said);
  child.kill('SIGSTOP');
  // The system itself takes as many as fit into the backlog.
  const waiting = Array.from({ length: 4 }, () =>
    net.connect(port, '127.0.0.1').on('error', () => {}),
  );
  await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, 'connect')));
  return {
    port,
    close: () => {
      for (const socket of waiting) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}
