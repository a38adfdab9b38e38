/** Guarantee: a token that is renewed under everybody's hands is noticed by nobody. */
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { ask, openWebSocket } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { printFigures } from '../support/figures.ts';
import { type Rig, startRig } from '../support/rig.ts';

/** Of each kind so many are with the app while the token is renewed, and as many come right after. */
const requests = 25;
const uploads = 5;
const sockets = 5;
const half = Buffer.alloc(50_000, 'x');

let rig: Rig;
/** Requests and handshakes that the app has been sent. */
let arrived = 0;
/** Bytes of each upload that reached the app. */
const uploaded: number[] = [];
let release: () => void;
const released = new Promise<void>((resolve) => {
  release = resolve;
});

beforeAll(async () => {
  rig = await startRig({
    app: async (req, res) => {
      arrived += 1;
      const body = await text(req);
      if (req.method === 'POST') uploaded.push(body.length);
      else if (req.url === '/held') await released;
      res.end('the app');
    },
  });
  const verifyClient = (_info: unknown, admit: (yes: boolean) => void) => {
    arrived += 1;
    released.then(() => admit(true));
  };
  const server = new WebSocketServer({ server: rig.app, verifyClient });
  server.on('connection', (socket) => socket.send('hello'));
});
afterAll(() => rig.close());

test('50 requests, 10 uploads and 10 WebSocket handshakes: no visible error, one lookup', async () => {
  expect(await get('/')).toBe('the app');
  arrived = 0;
  const before = rig.daytona.calls.length;
  const onTheirWay = send();
  expect(await eventually(() => arrived === requests + uploads + sockets)).toBe(true);
  rig.daytona.sandboxes.stop(rig.sandbox);
  rig.daytona.sandboxes.start(rig.sandbox);
  const afterwards = send();
  release();

  const outcomes = await Promise.all([...onTheirWay, ...afterwards]);
  const errors = outcomes.filter((outcome) => outcome !== 'the app' && outcome !== 'hello');
  const calls = rig.daytona.calls.slice(before);
  const lookups = calls.filter(({ path }) => path.endsWith('preview-url')).length;
  printFigures('a renewed token', { errors: errors.length, lookups });
  expect(errors).toEqual([]);
  expect(lookups).toBe(1);
  // Nothing came twice, and all came whole.
  expect(arrived).toBe(2 * (requests + uploads + sockets));
  expect(uploaded).toEqual(Array(2 * uploads).fill(2 * half.length));
});

function send(): Promise<string>[] {
  return [
    ...Array.from({ length: requests }, () => get('/held')),
    ...Array.from({ length: uploads }, upload),
    ...Array.from({ length: sockets }, greeting),
  ];
}

async function get(path: string): Promise<string> {
  return (await ask(rig.proxy.port, { host: rig.host(), path })).body;
}

async function greeting(): Promise<string> {
  const { socket, next } = await openWebSocket(rig.proxy.port, rig.host());
  const { data } = await next();
  socket.terminate();
  return String(data);
}

/** Sends half of a body, and the rest when the token has been renewed. */
async function upload(): Promise<string> {
  const req = http.request({
    host: '127.0.0.1',
    port: rig.proxy.port,
    method: 'POST',
    headers: { host: rig.host(), 'content-length': 2 * half.length },
  });
  await new Promise((sent) => req.write(half, sent));
  const answered = once(req, 'response') as Promise<[IncomingMessage]>;
  released.then(() => setImmediate(() => req.end(half)));
  return text((await answered)[0]);
}
