/** Guarantee: a token that is renewed under everybody's hands is noticed by nobody. */
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { ask, openWebSocket } from '../support/client.ts';
import { printFigures } from '../support/figures.ts';
import { type Rig, startRig } from '../support/rig.ts';

const requests = 50;
const uploads = 10;
const sockets = 10;
const half = Buffer.alloc(50_000, 'x');

let rig: Rig;
/** Bytes of each upload that reached the app. */
const uploaded: number[] = [];

beforeAll(async () => {
  rig = await startRig({
    app: async (req, res) => {
      const body = await text(req);
      if (req.method === 'POST') uploaded.push(body.length);
      res.end('the app');
    },
  });
  new WebSocketServer({ server: rig.app }).on('connection', (socket) => socket.send('hello'));
});
afterAll(() => rig.close());

test('50 requests, 10 uploads and 10 WebSocket handshakes: no visible error, one lookup', async () => {
  expect((await ask(rig.proxy.port, { host: rig.host() })).status).toBe(200);
  const before = rig.daytona.calls.length;
  rig.daytona.sandboxes.stop(rig.sandbox);
  rig.daytona.sandboxes.start(rig.sandbox);

  const outcomes = await Promise.all([
    ...Array.from({ length: requests }, async () => {
      return (await ask(rig.proxy.port, { host: rig.host() })).body;
    }),
    ...Array.from({ length: uploads }, upload),
    ...Array.from({ length: sockets }, async () => {
      const { socket, next } = await openWebSocket(rig.proxy.port, rig.host());
      const { data } = await next();
      socket.terminate();
      return String(data);
    }),
  ]);
  const errors = outcomes.filter((outcome) => outcome !== 'the app' && outcome !== 'hello');
  const calls = rig.daytona.calls.slice(before);
  const lookups = calls.filter(({ path }) => path.endsWith('preview-url')).length;
  printFigures('a renewed token', { errors: errors.length, lookups });
  expect(errors).toEqual([]);
  expect(lookups).toBe(1);
  expect(uploaded).toEqual(Array(uploads).fill(2 * half.length));
});

/** Sends half of a body, waits until the proxy has taken it, and sends the rest. */
async function upload(): Promise<string> {
  const req = http.request({
    host: '127.0.0.1',
    port: rig.proxy.port,
    method: 'POST',
    headers: { host: rig.host(), 'content-length': 2 * half.length },
  });
  await new Promise((sent) => req.write(half, sent));
  const answered = once(req, 'response') as Promise<[IncomingMessage]>;
  setImmediate(() => req.end(half));
  return text((await answered)[0]);
}
