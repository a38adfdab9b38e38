import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { ask, raw } from '../support/client.ts';
import { closeOf } from '../support/closeOf.ts';
import { eventually } from '../support/eventually.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';
import { type Connect, plain, tlsTo } from '../support/transport.ts';

/** Of a ClientHello of 512 bytes. */
const beginning = Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);

let certificate: Certificate;
let rig: Rig;
/** What the app does; each test sets its own. */
let app: RequestListener;
let connect: Connect;

const start = async (env: Record<string, string> = {}) => {
  rig = await startRig({
    app: (req, res) => app(req, res),
    env: { TLS_CERT_FILE: certificate.certPath, TLS_KEY_FILE: certificate.keyPath, ...env },
  });
  connect = tlsTo(rig.host(), certificate.pem);
};

beforeAll(() => {
  certificate = makeCertificate([domain]);
});
afterAll(() => certificate.remove());
afterEach(() => rig.close());

describe('Handshakes', () => {
  test('that never end are counted, and cut off after 10 s however slowly they go on', async () => {
    await start({ MAX_CONNECTIONS_PER_CLIENT: '2' });
    app = (_req, res) => void res.end('ok');
    const begun = performance.now();
    const silent = plain(rig.proxy.port);
    const slow = plain(rig.proxy.port);
    const closed = Promise.all([silent, slow].map(closeOf));
    await Promise.all([once(silent, 'connect'), once(slow, 'connect')]);
    slow.write(beginning);
    const drip = setInterval(() => slow.write(Buffer.from([7])), 300);
    expect(await raw(rig.proxy.port, '', connect)).toBe('');
    expect(rig.logs()).toContainEqual(expect.objectContaining({ event: 'limit.client' }));
    await closed;
    clearInterval(drip);
    expect(performance.now() - begun).toBeGreaterThan(9_000);
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect((await ask(rig.proxy.port, { host: rig.host(), connect })).body).toBe('ok');
  });

  test('whose peer leaves are over at once', async () => {
    await start();
    const { openWork } = rig.proxy;
    const none = () => eventually(() => openWork.counts().openConnections === 0, 5_000);
    const hello = await clientHello();
    const leave: ((socket: Socket) => void)[] = [
      (socket) => socket.end(),
      (socket) => socket.destroy(),
      (socket) => socket.resetAndDestroy(),
    ];
    for (const sent of [Buffer.alloc(0), beginning, hello]) {
      for (const goes of leave) {
        const socket = plain(rig.proxy.port).on('error', () => {});
        await once(socket, 'connect');
        socket.write(sent);
        if (sent === hello) await once(socket, 'data'); // The server's part of the handshake.
        goes(socket);
        expect(await none()).toBe(true);
      }
    }
    expect(rig.logs().filter(({ event }) => event === 'tls.failed')).toEqual([]);
  });

  test('of another address are not counted with them', async () => {
    await start({ MAX_CONNECTIONS_PER_CLIENT: '1' });
    app = (_req, res) => void res.end('ok');
    await once(plain(rig.proxy.port), 'connect');
    const elsewhere = tlsTo(rig.host(), certificate.pem, {
      socket: net.connect({ port: rig.proxy.port, host: '127.0.0.1', localAddress: '127.0.0.2' }),
    });
    const other = await ask(rig.proxy.port, { host: rig.host(), connect: elsewhere });
    expect(other.body).toBe('ok');
  });
});

/** What a client says first. */
async function clientHello(): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = tlsTo('x.proxy.test', '')(port).on('error', () => {});
  const [socket] = await once(server, 'connection');
  const [hello] = await once(socket, 'data');
  client.destroy();
  server.close();
  return hello;
}
