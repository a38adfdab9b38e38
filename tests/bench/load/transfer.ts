import { host } from '../rig/ask.ts';
import { largeBytes } from '../rig/upstreams.ts';
import { openConnection, readHead } from './connection.ts';

const chunk = Buffer.alloc(2 ** 18, 'upload');

/**
 * Downloads `/large` on one connection.
 *
 * @returns seconds from the connection's start to the last byte
 */
export function download(port: number): Promise<number> {
  let received = 0;
  let expected: number | undefined;
  return transfer(port, `GET /large HTTP/1.1\r\nHost: ${host}\r\n\r\n`, (bytes) => {
    received += bytes.length;
    if (expected === undefined) {
      const head = readHead(bytes);
      if (head?.status !== 200 || head.bodyLength !== largeBytes) {
        throw new Error(`no ${largeBytes} bytes: ${bytes.toString('latin1', 0, 200)}`);
      }
      expected = head.end + head.bodyLength;
    }
    return received === expected;
  });
}

/**
 * Uploads as much to `/upload` on one connection.
 *
 * @returns seconds from the connection's start to the app's word that it has read all
 */
export function upload(port: number): Promise<number> {
  const type = 'application/octet-stream';
  const request = `POST /upload HTTP/1.1\r\nHost: ${host}\r\nContent-Type: ${type}\r\nContent-Length: ${largeBytes}\r\n\r\n`;
  let answer = '';
  return transfer(
    port,
    request,
    (bytes) => {
      answer += bytes.toString('latin1');
      if (!answer.endsWith('}')) return false;
      if (answer.endsWith(`{"bytes":${largeBytes}}`)) return true;
      throw new Error(`the upload was not taken: ${answer.slice(0, 200)}`);
    },
    largeBytes,
  );
}

/** @param onBytes says whether the answer is complete, and throws if it is wrong */
function transfer(
  port: number,
  request: string,
  onBytes: (bytes: Buffer) => boolean,
  bodyBytes = 0,
): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const socket = openConnection(
      port,
      (bytes) => {
        try {
          if (!onBytes(bytes)) return;
          resolve((performance.now() - startedAt) / 1000);
        } catch (error) {
          reject(error);
        }
        socket.destroy();
      },
      () => reject(new Error('the connection ended in the middle')),
    );
    socket.write(request);
    let left = bodyBytes;
    const pump = () => {
      let room = true;
      while (room && left > 0) {
        const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
        left -= part.length;
        room = socket.write(part);
      }
      if (left > 0) socket.once('drain', pump);
    };
    pump();
  });
}
