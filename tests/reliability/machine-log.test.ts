/**
 * Guarantee: a log that cannot be written, or that nobody reads, costs lines and nothing else: the
 * proxy serves, does not grow, stops when told to, and says how many lines it lost.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import http, { type Server } from 'node:http';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type EmbeddedDaytona, startDaytona } from '../../src/demo/daytona.ts';
import { freePorts } from '../support/binary.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { printFigures } from '../support/figures.ts';
import type { Reading } from '../support/probe.ts';
import { type Program, startProbed } from '../support/program.ts';
import { closeServer, domain, listen } from '../support/rig.ts';

const probe = new URL('../support/probe.ts', import.meta.url);
/** Of more than 1 kB each, so that it is twice what the proxy keeps for a reader. */
const requests = 8_000;
const longPath = `/${'x'.repeat(1_000)}`;
const lines = 8;
/** What it keeps of 4 MB, and some for itself. */
const mostGrowth = 8_000_000;
const soonMs = 3_000;

let daytona: EmbeddedDaytona;
let app: Server;
let folder: string;
let program: Program;
let port: number;
let host: string;
const readers: Socket[] = [];

beforeEach(async () => {
  app = http.createServer((_req, res) => res.end('ok'));
  const appPort = await listen(app);
  daytona = await startDaytona();
  daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, `:${appPort}`);
  host = `3000-${daytona.sandboxes.create().id}.${domain}`;
  folder = mkdtempSync(join(tmpdir(), 'log-'));
});
afterEach(async () => {
  program.child.kill('SIGKILL');
  await program.exit;
  for (const reader of readers.splice(0)) reader.destroy();
  rmSync(folder, { recursive: true });
  await daytona.close();
  await closeServer(app);
});

test('a log whose disk is full', async () => {
  await start(openSync('/dev/full', 'w'));
  expect(await kept()).toBeLessThan(mostGrowth);
  await stopsInTime();
});

test('a log whose reader is gone, and comes back', async () => {
  const path = pipe();
  const first = read(path);
  await start(openSync(path, 'w'));
  expect(await eventually(() => first.text().includes('start.listening'))).toBe(true);
  first.socket.destroy();
  expect(await kept()).toBeLessThan(mostGrowth);
  const second = read(path);
  expect(await lostIn(second.text)).toBeGreaterThanOrEqual(requests);
  expect((await ask(port, { host, path: '/again' })).status).toBe(200);
  expect(await eventually(() => second.text().includes('/again'), soonMs)).toBe(true);
  second.socket.destroy();
  await stopsInTime();
});

test('a log that nobody reads, until somebody does', async () => {
  const path = pipe();
  const reader = read(path);
  await start(openSync(path, 'w'));
  reader.socket.pause();
  expect(await kept()).toBeLessThan(mostGrowth);
  reader.socket.resume();
  const lost = await lostIn(reader.text);
  const { length: told } = reader.text().match(/"event":"access"/g) ?? [];
  printFigures('lines of a log that nobody read for a while', { requests, told, lost });
  expect(told + lost).toBeGreaterThanOrEqual(requests);
  for (const line of reader.text().trimEnd().split('\n')) JSON.parse(line);
  expect((await ask(port, { host, path: '/again' })).status).toBe(200);
  expect(await eventually(() => reader.text().includes('/again'), soonMs)).toBe(true);
  reader.socket.pause();
  await kept();
  await stopsInTime();
});

/** Starts the proxy with a log of its own; the descriptor is closed here. */
async function start(stdout: number): Promise<void> {
  [port] = await freePorts();
  program = startProbed(
    probe,
    {
      DAYTONA_API_KEY: daytona.apiKey,
      DAYTONA_API_URL: daytona.apiUrl,
      PROXY_DOMAIN: domain,
      HOST: '127.0.0.1',
      PORT: String(port),
      LOG_FORMAT: 'json',
      RATE_LIMIT_MAX: '0',
    },
    stdout,
  );
  closeSync(stdout);
  const serves = () =>
    ask(port, { host }).then(
      ({ status }) => status === 200,
      () => false,
    );
  expect(await eventually(serves)).toBe(true);
}

/** Sends many requests, all of which must be answered, and gives how many bytes more it keeps. */
async function kept(): Promise<number> {
  await flood(500); // Warm, as a proxy that has served a while.
  const before = await reading();
  const begun = performance.now();
  const statuses = await flood(requests);
  const after = await reading();
  expect(statuses).toEqual({ 200: requests });
  expect(after.troubles).toEqual([]);
  const grown = after.heapUsed + after.external - before.heapUsed - before.external;
  printFigures(expect.getState().currentTestName ?? '', {
    requests,
    seconds: ((performance.now() - begun) / 1000).toFixed(1),
    'kept, MB': (grown / 1e6).toFixed(1),
    'growth of the process, MB': ((after.rss - before.rss) / 1e6).toFixed(1),
  });
  return grown;
}

async function flood(count: number): Promise<Record<number, number>> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: lines });
  const statuses: Record<number, number> = {};
  let left = count;
  const line = async () => {
    while (left-- > 0) {
      const { status } = await ask(port, { host, path: longPath, agent });
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: lines }, line));
  agent.destroy();
  return statuses;
}

async function reading(): Promise<Reading> {
  const answered = once(program.child, 'message') as Promise<[Reading]>;
  program.child.send(true);
  return (await answered)[0];
}

function pipe(): string {
  const path = join(folder, 'log');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  return path;
}

function read(path: string) {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: true, writable: false });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  readers.push(socket);
  return { socket, text: () => Buffer.concat(chunks).toString() };
}

/** Waits until the log says how many lines it lost. */
async function lostIn(text: () => string): Promise<number> {
  const found = () => /"event":"log\.lost".*?"count":(\d+)/.exec(text())?.[1];
  expect(await eventually(() => found() !== undefined, soonMs)).toBe(true);
  return Number(found());
}

async function stopsInTime(): Promise<void> {
  const begun = performance.now();
  program.child.kill('SIGTERM');
  expect(await program.exit).toBe(0);
  expect(performance.now() - begun).toBeLessThan(soonMs);
}
