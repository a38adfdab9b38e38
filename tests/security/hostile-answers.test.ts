/**
 * Attacker: a sandbox. Step: answers what is no HTTP, or what no client should see. Gain: the
 * process dies, hangs, or lets its own words follow the sandbox's; a visitor takes one answer for
 * another. Defence: our own heads; a complete 502 while nothing was sent, a destroyed connection
 * after that; a connection on which a sandbox spoke unasked serves nobody else.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sandboxAnswers } from '../corpus/sandboxAnswers.ts';
import { HostileSandbox, type Kind } from '../support/hostileSandbox.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
let hostile: HostileSandbox;
let nextPort = 10_000;
/** Which case a port was for. */
const names = new Map<number, string>();

beforeAll(async () => {
  const app = (_req: unknown, res: { end(text: string): void }) => res.end('healthy');
  rig = await startRig({ app, env: { RATE_LIMIT_MAX: '0' } });
  hostile = await HostileSandbox.start();
  rig.daytona.faults.previewUrl = (url) =>
    /\/\/\d{5}-/.test(url) ? url.replace(/:\d+$/, `:${hostile.upstream.port}`) : url;
});
afterAll(async () => {
  await rig.close();
  await hostile.close();
});

const entries = sandboxAnswers.map((entry) => [entry.name, entry] as const);

describe.each<[string, Kind]>([
  ['a request', 'request'],
  ['an upgrade', 'upgrade'],
])('to %s', (what, kind) => {
  test.each(entries)('%s', async (_name, entry) => {
    // Each case has a port, and so connections, of its own.
    nextPort += 1;
    const host = rig.host(nextPort);
    names.set(nextPort, `${entry.name} to ${what}`);
    const left = await hostile.visit({ proxyPort: rig.proxy.port, host }, entry, kind);
    expect(hostile.timesAsked).toBe(1);

    // The next answers are right, on the visitor's own connection where it is still open.
    const visitor = left ?? (await RawConnection.open(rig.proxy.port));
    visitor.send(`GET /asked-after-${nextPort} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(await visitor.read()).toMatchObject({ status: 200, body: `/asked-after-${nextPort}` });
    visitor.send(`GET / HTTP/1.1\r\nHost: ${rig.host()}\r\n\r\n`);
    expect(await visitor.read()).toMatchObject({ status: 200, body: 'healthy' });
    expect(visitor.received).toBe('');
    visitor.socket.destroy();
  });
});

test('none of them is logged as a failure of the proxy itself', () => {
  const failures = rig
    .logs()
    .filter(({ event, code }) => event === 'process.crash' || code === 'INTERNAL')
    .map(({ port, cause }) => [names.get(port as number), cause]);
  expect(failures).toEqual([]);
});
