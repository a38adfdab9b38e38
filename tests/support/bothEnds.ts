import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { WatchedProxy } from './watchedProxy.ts';

/** The two ends of what the proxy carries; both are paused, and end only as the test says. */
export interface Ends {
  readonly client: Socket;
  readonly sandbox: Socket;
}

const get = 'GET # HTTP/1.1\r\nHost: *\r\n\r\n';
const opening = {
  download: get,
  events: get,
  upload: 'POST # HTTP/1.1\r\nHost: *\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegin\r\n',
  webSocket:
    'GET # HTTP/1.1\r\nHost: *\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
};
const word = {
  download: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
  events:
    'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
  upload: '',
  webSocket:
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
};

type Kind = keyof typeof opening;

interface Asked extends Ends {
  /** Has the sandbox answer with a head; false where the exchange's body comes before. */
  accept(): boolean;
  /** Resolves with what the client got up to the end of that head. */
  readonly answered: Promise<string>;
}

/** Who waits for the sandbox to be asked for a path. */
type AwaitedPaths = Map<string, (sandbox: Socket) => void>;

/** The watched proxy between clients and a sandbox whose sockets are all in the test's hands. */
export class BothEnds {
  readonly proxy: WatchedProxy;
  readonly #server: Server;
  readonly #awaited: AwaitedPaths;
  #count = 0;

  private constructor(proxy: WatchedProxy, server: Server, awaited: AwaitedPaths) {
    this.proxy = proxy;
    this.#server = server;
    this.#awaited = awaited;
  }

  static async start(env: Record<string, string> = {}): Promise<BothEnds> {
    const awaited: AwaitedPaths = new Map();
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, async (socket) => {
      socket.on('error', () => {});
      const path = (await readHead(socket)).split(' ', 2)[1] ?? '';
      awaited.get(path)?.(socket);
      awaited.delete(path);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = await WatchedProxy.start((server.address() as AddressInfo).port, env);
    return new BothEnds(proxy, server, awaited);
  }

  /** Opens an exchange up to where its body begins, or a WebSocket. */
  async open(kind: Kind): Promise<Ends> {
    const { accept, answered, ...ends } = await this.ask(kind);
    if (accept()) await answered;
    return ends;
  }

  /** The same up to where the sandbox is asked; it answers when `accept` is called. */
  async ask(kind: Kind): Promise<Asked> {
    this.#count += 1;
    const path = `/${this.#count}`;
    const asked = new Promise<Socket>((resolve) => this.#awaited.set(path, resolve));
    const client = net.connect({
      port: this.proxy.port,
      host: '127.0.0.1',
      allowHalfOpen: true,
      noDelay: true,
    });
    client.on('error', () => {});
    client.write(opening[kind].replace('#', path).replace('*', this.proxy.host()));
    const answered = readHead(client);
    const sandbox = await Promise.race([asked, answered]);
    if (typeof sandbox === 'string') throw new Error(`the sandbox was not asked: ${sandbox}`);
    const accept = () => {
      sandbox.write(word[kind]);
      return word[kind] !== '';
    };
    return { client, sandbox, accept, answered };
  }

  async close(): Promise<void> {
    await this.proxy.close();
    this.#server.close();
  }
}

/** Reads up to an empty line, then no further; what came right behind it is dropped. */
async function readHead(socket: Socket): Promise<string> {
  let head = '';
  await new Promise<void>((resolve) => {
    const take = (chunk: Buffer) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', take).off('close', resolve).pause();
      resolve();
    };
    socket.on('data', take).once('close', resolve);
  });
  return head;
}
