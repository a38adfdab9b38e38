import type { Socket } from 'node:net';
import { Flood } from './flood.ts';
import type { RawConnection } from './rawConnection.ts';
import { GONE, type ScriptedUpstream, type Step } from './scriptedUpstream.ts';

/** One exchange on its way to the point where its client leaves. */
export interface Scene {
  readonly client: RawConnection;
  /** Nobody else's, on the sandbox. */
  readonly path: string;
  readonly sandbox: ScriptedUpstream;
  /** Resolves when Daytona is being asked for this exchange, and for no other. */
  readonly lookedUp: () => Promise<void>;
}

/** A point of an exchange at which its client leaves. */
export interface Point {
  readonly name: string;
  /** What the sandbox does, by a name in `script`; empty where it must never be asked. */
  readonly answer: string;
  /** What the client sends at first; `head` ends all but the empty line. */
  readonly sends: (path: string, host: string) => string;
  /** Goes on up to the point; gives the sandbox's connection that the exchange holds there. */
  readonly reach: (scene: Scene) => Promise<Socket | undefined>;
  /** True where Daytona has to be asked anew for each. */
  readonly looksUp?: boolean;
  /** True where each has megabytes under way. */
  readonly heavy?: boolean;
}

const bulk = 'x'.repeat(65_536);
const upgraded =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** What the sandbox does for each kind of path. */
export const script: Readonly<Record<string, readonly Step[]>> = {
  silent: [GONE],
  whole: ['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  head: [chunked, GONE],
  half: ['HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n', bulk, GONE],
  endless: [chunked, { endless: `10000\r\n${bulk}\r\n` }],
  switched: [upgraded, GONE],
  chatty: [upgraded, 'hello', GONE],
  flooding: [upgraded, { endless: bulk }],
  refused: ['HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nno', GONE],
};

const head =
  (method: string, ...fields: string[]) =>
  (path: string, host: string) =>
    `${[`${method} ${path} HTTP/1.1`, `Host: ${host}`, ...fields].join('\r\n')}\r\n\r\n`;
const get = head('GET');
const upgrade = head(
  'GET',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
);

const nowhere = async () => undefined;
const asked = async ({ sandbox, path }: Scene) => (await sandbox.asked(path)).socket;
const lookedUp = async ({ lookedUp: done }: Scene) => {
  await done();
  return undefined;
};
/** Up to where the client has received a text. */
const received = (text: string) => async (scene: Scene) => {
  await scene.client.until((all) => all.includes(text));
  return asked(scene);
};
/** Up to where the sandbox has received more, after the head. */
const uploaded = (more: string) => async (scene: Scene) => {
  const socket = ignoreRest(await asked(scene));
  const came = new Promise((done) => socket.once('data', done));
  scene.client.send(more);
  await came;
  return socket;
};
/** Has the sandbox read on without looking for another request. */
const ignoreRest = (socket: Socket) => socket.removeAllListeners('data').on('data', () => {});
/** Up to where the sandbox sends and the client takes no more. */
const unread = async (scene: Scene) => {
  await scene.client.until((all) => all.includes('\r\n\r\n'));
  scene.client.socket.pause();
  return asked(scene);
};

/** In the order of an exchange. */
export const points: readonly Point[] = [
  { name: 'connected', answer: '', sends: () => '', reach: nowhere },
  { name: 'in the request line', answer: '', sends: (path) => `GET ${path}`, reach: nowhere },
  {
    name: 'in the head',
    answer: '',
    sends: (path, host) => get(path, host).slice(0, -2),
    reach: nowhere,
  },
  { name: 'during the lookup', answer: '', sends: get, reach: lookedUp, looksUp: true },
  {
    name: 'during the lookup for an upload',
    answer: '',
    sends: (path, host) => `${head('POST', 'Content-Length: 100')(path, host)}half`,
    reach: lookedUp,
    looksUp: true,
  },
  {
    name: 'during the lookup for an upgrade',
    answer: '',
    sends: upgrade,
    reach: lookedUp,
    looksUp: true,
  },
  { name: 'before the answer', answer: 'silent', sends: get, reach: asked },
  {
    name: 'before the answer, with another request behind',
    answer: 'silent',
    sends: (path, host) => get(path, host) + get('/behind', host),
    reach: asked,
  },
  {
    name: 'in an upload',
    answer: 'silent',
    sends: (path, host) => `${head('POST', 'Content-Length: 1000000')(path, host)}begin`,
    reach: uploaded(bulk),
  },
  {
    name: 'in a chunk of an upload',
    answer: 'silent',
    sends: (path, host) =>
      `${head('POST', 'Transfer-Encoding: chunked')(path, host)}5\r\nbegin\r\n`,
    reach: uploaded(`20000\r\n${bulk}`),
  },
  {
    name: 'after 100 Continue',
    answer: 'silent',
    sends: head('POST', 'Content-Length: 1000000', 'Expect: 100-continue'),
    reach: async ({ client }) => {
      await client.until((all) => all.includes('100 Continue'));
      return undefined; // Without a body the request may not have left yet.
    },
  },
  {
    name: 'in an upload that the sandbox does not read',
    answer: 'silent',
    sends: (path, host) => `${head('POST', 'Content-Length: 1000000000')(path, host)}begin`,
    reach: async (scene) => {
      const socket = ignoreRest(await asked(scene)).pause();
      await new Flood(scene.client.socket, Buffer.alloc(65_536)).stalled();
      return socket;
    },
    heavy: true,
  },
  {
    name: 'after an upload that broke off in what is no chunk',
    answer: 'silent',
    sends: (path, host) =>
      `${head('POST', 'Transfer-Encoding: chunked')(path, host)}5\r\nbegin\r\n`,
    reach: async (scene) => {
      const socket = await asked(scene);
      scene.client.send('no chunk\r\n');
      await scene.client.until((all) => all.startsWith('HTTP/1.1 400 '));
      return socket;
    },
  },
  {
    name: 'after an upload',
    answer: 'silent',
    sends: (path, host) => `${head('POST', 'Content-Length: 8')(path, host)}beg`,
    reach: uploaded('n end'),
  },
  { name: 'after the answer’s head', answer: 'head', sends: get, reach: received('\r\n\r\n') },
  { name: 'in the answer', answer: 'half', sends: get, reach: received('xxxx') },
  {
    name: 'in an answer that it does not read',
    answer: 'endless',
    sends: get,
    reach: unread,
    heavy: true,
  },
  {
    name: 'between two requests',
    answer: 'whole',
    sends: get,
    reach: async (scene) => {
      await received('\r\n\r\nok')(scene);
      return undefined; // The connection to the sandbox is kept for others.
    },
  },
  { name: 'during the handshake', answer: 'silent', sends: upgrade, reach: asked },
  {
    name: 'right after the 101',
    answer: 'switched',
    sends: upgrade,
    reach: received('\r\n\r\n'),
  },
  {
    name: 'in an open WebSocket',
    answer: 'chatty',
    sends: upgrade,
    reach: async (scene) => {
      await received('hello')(scene);
      return uploaded('hello to you')(scene);
    },
  },
  {
    name: 'in a WebSocket that it does not read',
    answer: 'flooding',
    sends: upgrade,
    reach: unread,
    heavy: true,
  },
  {
    name: 'in the answer to a refused upgrade',
    answer: 'refused',
    sends: upgrade,
    reach: received('\r\n\r\nno'),
  },
];
