import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

const typeA = 1;
const headLength = 12;

/**
 * A DNS server on loopback that knows IPv4 addresses of some names, none of the others, and says
 * nothing at all where a name begins with `silent`. `*.example.com` is every name right below, and
 * addresses with a comma between are given out in turn.
 */
export async function startDnsServer(known: Readonly<Record<string, string>>) {
  const socket = createSocket('udp4');
  let turn = 0;
  socket.on('message', (query, from) => {
    const { name, end } = nameIn(query);
    if (name.startsWith('silent')) return;
    const addresses = (known[name] ?? known[name.replace(/^[^.]+/, '*')])?.split(',');
    const wanted = query.readUInt16BE(end) === typeA;
    const address = addresses?.[wanted ? turn++ % addresses.length : 0];
    const answered = address !== undefined && wanted;
    const head = Buffer.from(query.subarray(0, headLength));
    head.writeUInt16BE(address === undefined ? 0x8183 : 0x8180, 2); // "No such name", or "here it is".
    head.writeUInt16BE(answered ? 1 : 0, 6);
    head.fill(0, 8);
    const question = query.subarray(headLength, end + 4);
    const record = answered ? recordOf(address) : Buffer.alloc(0);
    socket.send(Buffer.concat([head, question, record]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    server: `127.0.0.1:${(socket.address() as AddressInfo).port}`,
    close: () => socket.close(),
  };
}

/** The name that is asked for, and where it ends. */
function nameIn(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = headLength;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

/** An IPv4 address of the name in the question, good for a minute. */
function recordOf(address: string): Buffer {
  const fixed = [0xc0, headLength, 0, typeA, 0, 1, 0, 0, 0, 60, 0, 4];
  return Buffer.from([...fixed, ...address.split('.').map(Number)]);
}
