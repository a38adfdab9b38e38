import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** The largest piece that comes out of it at a time, in bytes, and the time between two. */
const pieceSize = 8_192;
const pauseMs = 1;

/** A way to a port on which bytes trickle in small pieces, so that frames are nearly always cut. */
export function createSlowRelay() {
  let to = 0;
  const halves = { allowHalfOpen: true, noDelay: true, highWaterMark: pieceSize };
  const server = net.createServer(halves, (near) => {
    const far = net.connect({ ...halves, port: to, host: '127.0.0.1' });
    trickle(near, far);
    trickle(far, near);
  });
  return {
    /** @returns the port that leads to the given one */
    async listen(port: number): Promise<number> {
      to = port;
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    },
    close: () => server.close(),
  };
}

function trickle(from: Socket, to: Socket): void {
  from.on('error', () => to.destroy());
  from.on('end', () => to.end());
  from.on('data', (chunk) => {
    from.pause();
    for (let at = 0; at < chunk.length; at += pieceSize)
      to.write(chunk.subarray(at, at + pieceSize));
    setTimeout(() => from.resume(), pauseMs);
  });
}
