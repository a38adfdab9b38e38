/** Guarantee: a stop loses nothing that is under way, and takes no longer than it may. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import type { WebSocket } from 'ws';
import { type EmbeddedDaytona, startDaytona } from '../../src/demo/daytona.ts';
import { type BusyApp, createBusyApp } from '../support/busyApp.ts';
import { ask, open, openWebSocket } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Program, startProgram } from '../support/program.ts';
import { closeServer, listen } from '../support/rig.ts';
import { createSlowRelay } from '../support/slowRelay.ts';

let daytona: EmbeddedDaytona;
let app: BusyApp;
let program: Program;
let relay: ReturnType<typeof createSlowRelay> | undefined;
let port: number;
let host: string;

async function start(
  timeoutMs: string,
  env: Record<string, string> = {},
  between = (appPort: number) => Promise.resolve(appPort),
): Promise<void> {
  daytona = await startDaytona();
  app = createBusyApp();
  const appPort = await between(await listen(app.server));
  // Dialled without Daytona's edge between, which has manners of its own at the end.
  daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, `:${appPort}`);
  host = `3000-${daytona.sandboxes.create().id}.proxy.test`;
  program = startProgram({
    DAYTONA_API_KEY: daytona.apiKey,
    DAYTONA_API_URL: daytona.apiUrl,
    PROXY_DOMAIN: 'proxy.test',
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_FORMAT: 'json',
    SHUTDOWN_TIMEOUT_MS: timeoutMs,
    ...env,
  });
  port = Number(/port (\d+)/.exec(await program.line(/start.listening/))?.[1]);
  expect((await ask(port, { host })).status).toBe(200);
}

afterEach(async () => {
  program.child.kill('SIGKILL');
  relay?.close();
  relay = undefined;
  await closeServer(app.server);
  await daytona.close();
});

test('finishes a request in flight, takes no new connection, and exits 0', async () => {
  await start('30000');
  const answer = await open(port, { host, path: '/held' });
  program.child.kill('SIGTERM');
  await program.line(/stop.draining/);
  await expect(open(port, { host })).rejects.toThrow('ECONNREFUSED');
  app.held[0]?.end('finished');
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

test('loses nothing of 200 requests, 20 uploads, 50 WebSockets and 20 event streams', async () => {
  await start('20000', { DRAIN_SPREAD_MS: '1000' });
  const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const requests = times(200, (i) => ask(port, { host, agent, path: i % 2 ? '/silent' : '/held' }));
  const uploads = times(20, () => new Upload(agent));
  const streams = times(20, () => openStream(agent));
  const sockets = await Promise.all(times(50, () => openWebSocket(port, host)));
  const closes = sockets.map(({ socket }) => closed(socket));
  expect(await eventually(() => app.held.length === 200 && app.uploads === 20)).toBe(true);
  const bodies = (await Promise.all(streams)).map(readStream);

  program.child.kill('SIGTERM');
  const since = performance.now();
  await program.line(/stop.draining/);
  for (const upload of uploads) upload.finish();
  for (const res of app.held) res.end('held');
  const answers = await Promise.all(requests);
  const sizes = await Promise.all(uploads.map(({ answer }) => answer));
  const codes = await Promise.all(closes);
  const events = await Promise.all(bodies);
  const exitCode = await program.exit;
  const tookMs = Math.round(performance.now() - since);
  await eventually(() => app.codes.length === 50);
  agent.destroy();

  const lost = answers.filter(({ status, body }) => status !== 200 || body !== 'held').length;
  const lostUploads = sizes.filter((size) => size !== Upload.size).length;
  const cut = events.filter((text) => !text.endsWith('\n\n')).length;
  process.stdout.write(
    `stop: ${lost}/200 requests, ${lostUploads}/20 uploads lost; visitors’ codes ${tally(codes)}; ` +
      `sandbox’s codes ${tally(app.codes)}; ${cut}/20 event streams cut; exit ${exitCode} after ${tookMs} ms\n`,
  );
  expect([lost, lostUploads, cut, exitCode]).toEqual([0, 0, 0, 0]);
  expect([tally(codes), tally(app.codes)]).toEqual(['1012×50', '1001×50']);
  expect(app.problems).toEqual([]);
  expect(tookMs).toBeLessThan(10_000);
});

test('breaks no frame of WebSockets that never pause', async () => {
  relay = createSlowRelay();
  await start('20000', { DRAIN_SPREAD_MS: '500' }, relay.listen);
  const noise = randomBytes(200_000);
  const problems: unknown[] = [];
  let echoed = 0;
  const chatter = async ({ socket }: { socket: WebSocket }) => {
    const sent: Buffer[] = [];
    const say = () => {
      const message = noise.subarray(Math.floor(Math.random() * noise.length));
      sent.push(message);
      socket.send(message, () => {});
    };
    socket.on('error', (error) => problems.push(error));
    socket.on('message', (data: Buffer) => {
      if (!sent.shift()?.equals(data)) problems.push('another message than was sent');
      echoed += 1;
      if (socket.readyState === socket.OPEN) say();
    });
    for (let i = 0; i < 2; i++) say();
    return closed(socket);
  };
  const sockets = await Promise.all(times(10, () => openWebSocket(port, host)));
  const closes = sockets.map(chatter);
  expect(await eventually(() => echoed > 40)).toBe(true);
  program.child.kill('SIGTERM');
  expect(tally(await Promise.all(closes))).toBe('1012×10');
  expect(await program.exit).toBe(0);
  await eventually(() => app.codes.length === 10);
  expect(tally(app.codes)).toBe('1001×10');
  expect([...problems, ...app.problems]).toEqual([]);
});

const times = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** `1012×49, 1006×1` */
const tally = (codes: readonly number[]): string =>
  [...new Set(codes)].map((code) => `${code}×${codes.filter((c) => c === code).length}`).join(', ');

const closed = (socket: WebSocket): Promise<number> =>
  new Promise((resolve) => socket.once('close', resolve));

function openStream(agent: http.Agent): Promise<IncomingMessage> {
  return open(port, { host, agent, path: '/events' });
}

/** Fails where the answer does not end as it should. */
async function readStream(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer) text += chunk;
  return text;
}

/** An upload that waits in its middle. */
class Upload {
  static readonly size = 200_000;
  readonly answer: Promise<number>;
  readonly #req: http.ClientRequest;

  constructor(agent: http.Agent) {
    const headers = { host };
    this.#req = http.request({
      host: '127.0.0.1',
      port,
      path: '/upload',
      method: 'POST',
      agent,
      headers,
    });
    this.#req.write(Buffer.alloc(Upload.size / 2));
    this.answer = once(this.#req, 'response').then(async ([res]) => Number(await readStream(res)));
  }

  finish(): void {
    this.#req.end(Buffer.alloc(Upload.size / 2));
  }
}
