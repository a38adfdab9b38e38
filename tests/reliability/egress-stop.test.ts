/** Guarantee: the egress proxy stops without cutting an answer short, as far as it can be seen. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import tls from 'node:tls';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeCertificate } from '../support/certificate.ts';
import { startRawServer } from '../support/egressRig.ts';
import { eventually } from '../support/eventually.ts';
import { WatchedEgress } from '../support/watchedEgress.ts';

let egress: WatchedEgress;
let outside: Awaited<ReturnType<typeof startRawServer>>;
/** What happens to the next connections outside. */
let accept: (socket: Socket) => void;
beforeEach(async () => {
  accept = (socket) => void socket.pipe(socket);
  outside = await startRawServer((socket) => accept(socket));
});
afterEach(async () => {
  await egress?.close();
  await outside.close();
});
const start = async (timeoutMs: number) => {
  egress = await WatchedEgress.start(outside.port, { SHUTDOWN_TIMEOUT_MS: String(timeoutMs) });
};
const open = () => egress.tunnel(outside.port);

test('cuts no answer that its host thinks about, under TLS', async () => {
  const certificate = makeCertificate(['outside.test']);
  const key = readFileSync(certificate.keyPath);
  const host = tls.createServer({ cert: certificate.pem, key }, async (secure) => {
    await once(secure, 'data');
    for (const word of ['first, ', 'second, ', 'third']) {
      await wait(1_500);
      secure.write(word);
    }
    secure.end();
  });
  accept = (socket) => void host.emit('connection', socket);
  await start(10_000);
  const secure = tls.connect({
    socket: await egress.stream(outside.port),
    ca: certificate.pem,
    servername: 'outside.test',
  });
  secure.write('question');
  await once(secure, 'session'); // The host's last word now, and not an answer.
  const exit = egress.stop();
  let answer = '';
  for await (const chunk of secure) answer += chunk;
  secure.destroy();
  expect(answer).toBe('first, second, third');
  expect(await exit).toBe(0);
  certificate.remove();
});

test('lets an answer end that the sandbox waits for, and takes no new connection', async () => {
  const hosts: Socket[] = [];
  accept = (socket) => void socket.pipe(socket);
  await start(8_000);
  const idle = await open();
  idle.send('x');
  await idle.until((text) => text === 'x');
  accept = (socket) => void hosts.push(socket);
  const tunnel = await open();
  tunnel.send('question');
  expect(await eventually(() => (hosts[0]?.bytesRead ?? 0) > 0)).toBe(true);
  const exit = egress.stop();
  await egress.program.line(/stop\.draining/);
  await expect(open()).rejects.toThrow();
  await idle.until(() => false, 10_000); // As quiet as the other one, which goes on.
  hosts[0]?.end('the whole answer');
  await tunnel.closed();
  expect(tunnel.received).toBe('the whole answer');
  tunnel.socket.end();
  expect(await exit).toBe(0);
});

test('ends a tunnel between two requests when half of its time is over', async () => {
  await start(12_000);
  const tunnel = await open();
  tunnel.send('question and answer');
  await tunnel.until((text) => text === 'question and answer');
  const since = performance.now();
  const exit = egress.stop();
  await tunnel.until(() => false, 10_000);
  tunnel.socket.end();
  expect(await exit).toBe(0);
  expect(performance.now() - since).toBeLessThan(9_000);
});

test('ends everything when its time is over', async () => {
  accept = () => {};
  await start(1_000);
  const tunnel = await open();
  tunnel.send('a question that nobody answers');
  const exit = egress.stop();
  await tunnel.until(() => false, 10_000);
  expect(await exit).toBe(0);
  expect(egress.program.lines.join('\n')).toContain('egress.carried');
});
