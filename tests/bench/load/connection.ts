import net, { type Socket } from 'node:net';

/** Sockets read into it one after the other, so that reading costs no memory. */
const shared = Buffer.allocUnsafe(2 ** 18);

/**
 * Opens a raw connection to loopback that reads with the least work.
 *
 * @param onBytes gets bytes that are valid only during the call
 * @param onEnd is called once, when the connection has ended, whoever ended it
 */
export function openConnection(
  port: number,
  onBytes: (bytes: Buffer) => void,
  onEnd: () => void,
): Socket {
  const socket = net.connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: {
      buffer: shared,
      callback: (length, bytes) => {
        onBytes((bytes as Buffer).subarray(0, length));
        return true;
      },
    },
  });
  socket.on('error', () => {}); // Followed by 'close'.
  socket.on('close', onEnd);
  return socket;
}

/** Where a head ends and how many bytes of body follow it. */
export interface Head {
  readonly status: number;
  /** Index of the first byte of the body. */
  readonly end: number;
  readonly bodyLength: number;
}

/** Reads the head of an answer; undefined until it is whole. */
export function readHead(bytes: Buffer): Head | undefined {
  const blank = bytes.indexOf('\r\n\r\n');
  if (blank < 0) return undefined;
  const text = bytes.toString('latin1', 0, blank);
  return {
    status: Number(text.slice(9, 12)),
    end: blank + 4,
    bodyLength: Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? Number.NaN),
  };
}
