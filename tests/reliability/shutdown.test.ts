/** Guarantee: a stop loses nothing that is under way, and takes no longer than it may. */
import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { type EmbeddedDaytona, startDaytona } from '../../src/demo/daytona.ts';
import { ask, open, openWebSocket } from '../support/client.ts';
import { type Program, startProgram } from '../support/program.ts';
import { closeServer, listen } from '../support/rig.ts';

let daytona: EmbeddedDaytona;
let app: http.Server;
let program: Program;
let port: number;
let host: string;
const held: ServerResponse[] = [];

async function start(timeoutMs: string): Promise<void> {
  daytona = await startDaytona();
  app = http.createServer((req, res) => {
    if (req.url === '/held') held.push(res.writeHead(200).on('error', () => {}));
    if (req.url === '/held') res.flushHeaders();
    else res.end('ok');
  });
  const sockets = new WebSocketServer({ server: app });
  sockets.on('connection', (socket) => socket.on('error', () => {}));
  const sandbox = daytona.sandboxes.create();
  sandbox.ports.set(3000, await listen(app));
  host = `3000-${sandbox.id}.proxy.test`;
  program = startProgram({
    DAYTONA_API_KEY: daytona.apiKey,
    DAYTONA_API_URL: daytona.apiUrl,
    PROXY_DOMAIN: 'proxy.test',
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_FORMAT: 'json',
    SHUTDOWN_TIMEOUT_MS: timeoutMs,
  });
  port = Number(/port (\d+)/.exec(await program.line(/start.listening/))?.[1]);
  expect((await ask(port, { host })).status).toBe(200);
}

afterEach(async () => {
  program.child.kill('SIGKILL');
  await closeServer(app);
  await daytona.close();
  held.length = 0;
});

test('finishes a request in flight, takes no new connection, and exits 0', async () => {
  await start('30000');
  const answer = await open(port, { host, path: '/held' });
  program.child.kill('SIGTERM');
  await program.line(/stop.draining/);
  await expect(open(port, { host })).rejects.toThrow('ECONNREFUSED');
  held[0]?.end('finished');
  const [chunk] = await once(answer, 'data');
  expect(String(chunk)).toBe('finished');
  expect(await program.exit).toBe(0);
});

test('ends WebSockets and streams at the timeout, and exits 0', async () => {
  await start('300');
  const { socket } = await openWebSocket(port, host);
  const stream = await open(port, { host, path: '/held' });
  stream.resume().on('error', () => {});
  const streamEnded = new Promise((done) => stream.once('close', done));
  const ended = Promise.all([once(socket, 'close'), streamEnded]);
  program.child.kill('SIGTERM');
  expect(await program.exit).toBe(0);
  await ended;
});

test('exits at once at the second signal', async () => {
  await start('30000');
  const stream = await open(port, { host, path: '/held' });
  stream.on('error', () => {});
  program.child.kill('SIGTERM');
  await program.line(/stop.draining/);
  program.child.kill('SIGTERM');
  expect(await program.exit).toBe(130);
});
