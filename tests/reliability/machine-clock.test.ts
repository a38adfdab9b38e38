/**
 * Guarantee: a clock that jumps by an hour, ahead or back, hangs nothing and locks nobody out;
 * known sandboxes are served throughout, and sessions and shares end by what the clock says.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import http, { type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { describeWith } from '../support/binary.ts';
import { type Answer, ask, codeOf } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { printFigures } from '../support/figures.ts';
import { closeServer, domain, listen } from '../support/rig.ts';
import { WatchedProxy } from '../support/watchedProxy.ts';

const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
const adminToken = 'a'.repeat(32);
const windowMs = 4_000;
const mostRequests = 200;
/** So long under each clock: more than a window, and than a missing sandbox is remembered. */
const stayMs = windowMs + 2_000;
const minutes = 60;

let folder: string;
let clock: string;
let app: Server;
let appPort: number;
let proxy: WatchedProxy;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clock-'));
  clock = join(folder, 'clock');
  setClock('+0');
  app = http.createServer((_req, res) => res.end('ok'));
  appPort = await listen(app);
});
afterEach(async () => {
  await proxy.close();
  await closeServer(app);
  rmSync(folder, { recursive: true });
});

const offsets = { '+0': 0, '+1h': 3_600_000, '-1h': -3_600_000 };

/** Puts the proxy's clock that far from the true time, at once; a duration stays what it is. */
function setClock(offset: keyof typeof offsets): void {
  writeFileSync(`${clock}.new`, `${offset}\n`);
  renameSync(`${clock}.new`, clock);
}

/** The same, and sees to it that the proxy lives by it. */
async function jump(offset: keyof typeof offsets): Promise<void> {
  setClock(offset);
  const { body } = await ask(proxy.port, { host: 'localhost', path: '/health' });
  const off = Date.parse(JSON.parse(body).timestamp) - Date.now();
  expect(Math.abs(off - offsets[offset])).toBeLessThan(5_000);
}

const start = async (env: Record<string, string> = {}) => {
  proxy = await WatchedProxy.start(appPort, {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: clock,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    RATE_LIMIT_WINDOW_MS: String(windowMs),
    RATE_LIMIT_MAX: String(mostRequests),
    TRUSTED_PROXIES: '127.0.0.0/8',
    ...env,
  });
};
const visit = (client: string, host = proxy.host(), headers = {}): Promise<Answer> =>
  ask(proxy.port, { host, headers: { 'x-forwarded-for': client, ...headers } });

describeWith('faketime', 'a clock that jumps', () => {
  test.each([
    ['an hour ahead and back again', ['+1h', '+0']],
    ['an hour back and ahead again', ['-1h', '+0']],
    ['two hours back', ['+1h', '-1h']],
  ] as const)(
    '%s: known sandboxes are served, nobody waits longer than a window',
    async (name, jumps) => {
      await start();
      expect((await visit('203.0.113.1')).status).toBe(200);
      const callsBefore = proxy.daytona.calls.length;
      const statuses: Record<string, number> = {};
      let stop = false;
      const visits = (async () => {
        for (; !stop; await wait(40)) {
          const { status } = await visit('203.0.113.1');
          statuses[status] = (statuses[status] ?? 0) + 1;
        }
      })();
      const waits: number[] = [];
      for (const offset of jumps) {
        const limited = await limitOut();
        await jump(offset);
        const jumped = performance.now();
        const said: number[] = [];
        const backIn = async () => {
          const { status, headers } = await visit(limited);
          said.push(Number(headers['retry-after'] ?? 0), resetOf(headers));
          return status === 200;
        };
        expect(await eventually(backIn, stayMs)).toBe(true);
        waits.push(performance.now() - jumped);
        expect(Math.max(...said)).toBeLessThanOrEqual(windowMs / 1000);
        expect(await comesIntoBeing()).toBeLessThan(6_500);
      }
      stop = true;
      await visits;
      const calls = proxy.daytona.calls.slice(callsBefore);
      const again = calls.filter(({ path }) => path === proxy.lookupPath(3000)).length;
      printFigures(`a clock that goes ${name}`, {
        requests: JSON.stringify(statuses),
        'lookups of the known sandbox': again,
        'longest wait at the limit, ms': Math.round(Math.max(...waits)),
      });
      expect(Object.keys(statuses)).toEqual(['200']);
      expect(again).toBe(0);
      expect(await proxy.problems()).toEqual([]);
    },
  );

  test('429 of Daytona pauses calls for as long as it says, also when the clock is put back', async () => {
    await start();
    const { faults, calls } = proxy.daytona;
    Object.assign(faults, { apiStatus: 429, retryAfterSeconds: 2 });
    expect((await visit('203.0.113.1')).status).toBe(503);
    await jump('-1h');
    faults.apiStatus = undefined;
    const paused = calls.length;
    expect((await visit('203.0.113.1')).status).toBe(503);
    expect(calls.length).toBe(paused);
    const served = async () => (await visit('203.0.113.1')).status === 200;
    expect(await eventually(served, 4_000)).toBe(true);
  });

  test('failed attempts to get in lock nobody out for longer than a window', async () => {
    await start({ ACCESS_MODE: 'private', AUTH_FAILURES_MAX: '3' });
    await jump('+1h');
    const attempt = (key: string) =>
      visit('203.0.113.1', proxy.host(), { authorization: `Bearer ${key}` });
    for (let i = 0; i < 3; i++) expect((await attempt(`dtn_${i}`)).status).toBe(401);
    expect(codeOf(await attempt('dtn_x'))).toBe('TOO_MANY_FAILURES');
    await jump('-1h');
    const { status, headers } = await attempt('dtn_x');
    expect([401, 429]).toContain(status);
    expect(Number(headers['retry-after'] ?? 0)).toBeLessThanOrEqual(windowMs / 1000);
    const enters = async () => (await attempt(proxy.daytona.apiKey)).status === 200;
    expect(await eventually(enters, windowMs + 1_000)).toBe(true);
  });

  test('a share ends by the clock; one that was ended stays so when it is put back', async () => {
    await start({ ACCESS_MODE: 'private', ADMIN_TOKEN: adminToken, COOKIE_SECRET: 's'.repeat(32) });
    const authorization = `Bearer ${adminToken}`;
    const shares = (method: string, path: string, body?: unknown) =>
      ask(proxy.port, {
        host: domain,
        method,
        path,
        headers: { authorization },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    const sandboxId = proxy.host().replace(/^3000-|\..*$/g, '');
    const made = await shares('POST', '/shares', {
      sandboxId,
      port: 3000,
      expiresInSeconds: 30 * minutes,
    });
    const { url, id } = JSON.parse(made.body);
    const enter = async () =>
      (await ask(proxy.port, { host: proxy.host(), path: `/${new URL(url).search}` })).status;
    expect(made.status).toBe(201);
    const atFirst = await enter();
    await jump('+1h');
    const tooLate = await enter();
    await jump('+0');
    const backAgain = await enter();
    expect((await shares('DELETE', `/shares/${id}`)).status).toBe(204);
    await jump('-1h');
    const ended = await enter();
    printFigures('a share of 30 minutes', { atFirst, tooLate, backAgain, ended });
    expect([atFirst, tooLate, backAgain, ended]).toEqual([200, 401, 200, 401]);
    expect(await proxy.problems()).toEqual([]);
  });
});

/** Has a client use up its window, and names it. */
async function limitOut(): Promise<string> {
  const client = `198.51.100.${Math.floor(Math.random() * 250) + 1}`;
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const headers = { 'x-forwarded-for': client };
  const answers = await Promise.all(
    Array.from({ length: mostRequests + 1 }, () =>
      ask(proxy.port, { host: proxy.host(), headers, agent }),
    ),
  );
  agent.destroy();
  expect(answers.at(-1)?.status).toBe(429);
  return client;
}

/** @returns how long a sandbox that had been missing was not found after it came into being, in ms */
async function comesIntoBeing(): Promise<number> {
  const id = randomUUID();
  const host = `3000-${id}.${domain}`;
  expect((await visit('203.0.113.2', host)).status).toBe(404);
  proxy.daytona.sandboxes.create({ id });
  const begun = performance.now();
  const found = async () => (await visit('203.0.113.2', host)).status === 200;
  expect(await eventually(found, stayMs)).toBe(true);
  return performance.now() - begun;
}

function resetOf(headers: http.IncomingHttpHeaders): number {
  return Number(/reset=(\d+)/.exec(String(headers.ratelimit))?.[1] ?? 0);
}
