import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';

/** Opens a connection on loopback and gives both of its ends, the accepting one first. */
export async function connectedSockets(): Promise<[Socket, Socket]> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const far = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [near] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [near, far];
}
