import type { WebSocket } from 'ws';
import type { Piece, SessionCommand } from './command.ts';

/** What the toolbox puts before a piece of output, to say where it was written to. */
const markers = { stdout: Buffer.from([1, 1, 1]), stderr: Buffer.from([2, 2, 2]) };

const mostWaiting = 16_777_216;

/** Sends a command's log, what there is and what comes, and closes when the command has ended. */
export function followLog(client: WebSocket, command: SessionCommand): void {
  const send = ({ from, bytes }: Piece) => {
    // A terminal is slower than a command can be, and what it has not taken yet is kept here.
    if (client.bufferedAmount > mostWaiting) client.terminate();
    else client.send(Buffer.concat([markers[from], bytes]));
  };
  const end = () => client.close(1000);
  client.on('error', () => {});
  for (const piece of command.pieces) send(piece);
  if (command.exitCode !== undefined) {
    end();
    return;
  }
  command.on('piece', send).once('exit', end);
  client.once('close', () => command.off('piece', send).off('exit', end));
}
