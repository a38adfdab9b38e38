import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

const typeA = 1;
const typeAaaa = 28;
const headLength = 12;
/** A response without an error, that there is no such name, that the server fails. */
const outcomes = { found: 0x8180, none: 0x8183, fails: 0x8182 };

/**
 * A DNS server on loopback that knows IPv4 addresses of some names and none of the others.
 * `*.example.com` is every name right below; addresses with a comma between are given out in
 * turn, with a plus between together. It says nothing at all where a name begins with `silent`, or with `half` and IPv6 addresses
 * are asked for; one without names fails always.
 */
export async function startDnsServer(known?: Readonly<Record<string, string>>) {
  const socket = createSocket('udp4');
  let turn = 0;
  socket.on('message', (query, from) => {
    const { name, end } = nameIn(query);
    const type = query.readUInt16BE(end);
    if (name.startsWith('silent') || (name.startsWith('half') && type === typeAaaa)) return;
    const addresses = (known?.[name] ?? known?.[name.replace(/^[^.]+/, '*')])?.split(',');
    const wanted = type === typeA;
    const address = addresses?.[wanted ? turn++ % addresses.length : 0];
    const records = (wanted && address?.split('+').map(recordOf)) || [];
    const head = Buffer.from(query.subarray(0, headLength));
    const named = address === undefined ? outcomes.none : outcomes.found;
    head.writeUInt16BE(known ? named : outcomes.fails, 2);
    head.writeUInt16BE(records.length, 6);
    head.fill(0, 8);
    const question = query.subarray(headLength, end + 4);
    socket.send(Buffer.concat([head, question, ...records]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  let open = true;
  return {
    server: `127.0.0.1:${port}`,
    close: () => {
      if (open) socket.close();
      open = false;
    },
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
