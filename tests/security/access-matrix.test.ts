/**
 * Attacker: a visitor without a right to a sandbox. Step: tries every credential on every way in,
 * hoping that one way was forgotten. Gain: the sandbox. Defence: one stage, which requests and
 * upgrades of any kind walk alike; the verdict depends on the credential and on nothing else.
 */
import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { echoSockets } from '../support/echo.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
let other: Rig['sandbox'];
const seen: { url: string; headers: NodeJS.Dict<string | string[]> }[] = [];

beforeAll(async () => {
  rig = await startRig({
    app: (req, res) => {
      seen.push({ url: req.url ?? '', headers: req.headers });
      req.resume().on('end', () => res.end('app'));
    },
    env: { ACCESS_MODE: 'private', AUTH_FAILURES_MAX: '0', RATE_LIMIT_MAX: '0' },
  });
  echoSockets(rig.app);
  rig.app.on('upgrade', ({ url, headers }) => seen.push({ url: url ?? '', headers }));
  other = rig.daytona.sandboxes.create();
  for (const [port, at] of rig.sandbox.ports) other.ports.set(port, at);
});
afterAll(() => rig.close());

/** What a request shows; made when the test runs, for only then there is a sandbox. */
type Shown = { readonly headers?: Record<string, string>; readonly query?: string };

async function session(sandbox = rig.sandbox): Promise<string> {
  const { headers } = await ask(rig.proxy.port, {
    host: rig.host(3000, sandbox),
    path: `/?DAYTONA_SANDBOX_AUTH_KEY=${sandbox.token}`,
    headers: { accept: 'text/html' },
  });
  return headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '';
}

const good: readonly (readonly [string, () => Promise<Shown>])[] = [
  ['the key of the organization', async () => bearer(rig.daytona.apiKey)],
  ['the preview token', async () => token(rig.sandbox.token)],
  ['the preview token in the query', async () => key(rig.sandbox.token)],
  ['a session', async () => ({ headers: { cookie: `a=1; ${await session()}; b=2` } })],
];
const bad: readonly (readonly [string, () => Promise<Shown>])[] = [
  ['nothing', async () => ({})],
  ['another key', async () => bearer('dtn_another')],
  ['the preview token as a key', async () => bearer(rig.sandbox.token)],
  ['the token of another sandbox', async () => token(other.token)],
  ['the token of another sandbox in the query', async () => key(other.token)],
  ['the key twice', async () => ({ query: `${key(rig.sandbox.token).query}&${key('x').query}` })],
  ['a session of another sandbox', async () => ({ headers: { cookie: await session(other) } })],
  ['an altered session', async () => ({ headers: { cookie: alter(await session()) } })],
  ['an empty session', async () => ({ headers: { cookie: 'daytona-proxy=' } })],
  ['Basic', async () => ({ headers: { authorization: 'Basic ZGF5dG9uYTp4' } })],
];

const bearer = (text: string) => ({ headers: { authorization: `Bearer ${text}` } });
const token = (text: string) => ({ headers: { 'x-daytona-preview-token': text } });
const key = (text: string) => ({ query: `DAYTONA_SANDBOX_AUTH_KEY=${text}` });
const alter = (text: string) =>
  text.slice(0, -6) + (text.at(-6) === 'A' ? 'B' : 'A') + text.slice(-5);

interface Way {
  readonly name: string;
  readonly method: string;
  readonly version?: string;
  readonly fields?: readonly string[];
  readonly body?: string;
  /** Requests on the same connection before it. */
  readonly after?: boolean;
}

const upgrade = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const ways: readonly Way[] = [
  { name: 'GET', method: 'GET' },
  { name: 'HEAD', method: 'HEAD' },
  { name: 'OPTIONS', method: 'OPTIONS' },
  { name: 'POST', method: 'POST', fields: ['Content-Length: 4'], body: 'body' },
  {
    name: 'Expect',
    method: 'POST',
    fields: ['Content-Length: 4', 'Expect: 100-continue'],
    body: 'body',
  },
  { name: 'HTTP/1.0', method: 'GET', version: 'HTTP/1.0' },
  { name: 'an upgrade that comes first', method: 'GET', fields: upgrade },
  { name: 'an upgrade that comes later', method: 'GET', fields: upgrade, after: true },
  { name: 'a request that comes later', method: 'GET', after: true },
];

/** @returns the last status line's number */
async function send(way: Way, { headers = {}, query }: Shown): Promise<number> {
  const host = rig.host();
  const own = way.fields?.includes('Connection: Upgrade') ? [] : ['Connection: close'];
  const origin = headers.cookie ? [`Origin: http://${host}`] : [];
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const lines = [`Host: ${host}`, ...own, ...origin, ...fields, ...(way.fields ?? [])];
  const line = `${way.method} /path${query ? `?a=%20&${query}&b` : '?a=%20&b'} ${way.version ?? 'HTTP/1.1'}`;
  const socket = net.connect(rig.proxy.port, '127.0.0.1');
  socket.setEncoding('latin1').on('error', () => {});
  if (way.after) {
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(socket, 'data');
  }
  let received = '';
  const answered = new Promise<void>((done) => {
    socket.on('data', (text) => {
      received = (received + text).replace(/^HTTP\/1\.1 100 Continue\r\n\r\n/, '');
      if (received.includes('\r\n\r\n')) done();
    });
    socket.on('close', () => done());
  });
  socket.write(`${[line, ...lines].join('\r\n')}\r\n\r\n${way.body ?? ''}`);
  await answered;
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(received)?.[1]);
}

describe.each(ways.map((way) => [way.name, way] as const))('by %s', (_name, way) => {
  test.each(good)('%s lets in, and does not reach the sandbox', async (_credential, shown) => {
    const what = await shown();
    seen.length = 0;
    expect(await send(way, what)).toBe(way.fields?.includes('Upgrade: websocket') ? 101 : 200);
    expect(seen).toHaveLength(1);
    expect(seen[0]?.url).toBe('/path?a=%20&b');
    expect(seen[0]?.headers.authorization).toBeUndefined();
    expect(seen[0]?.headers['x-daytona-preview-token']).toBeUndefined();
    expect(seen[0]?.headers.cookie).toBe(what.headers?.cookie ? 'a=1; b=2' : undefined);
  });

  test.each(bad)('%s does not', async (_credential, shown) => {
    const what = await shown();
    seen.length = 0;
    expect(await send(way, what)).toBe(401);
    expect(seen).toEqual([]);
  });
});
