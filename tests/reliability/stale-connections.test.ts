/**
 * Guarantee: a sandbox that closes idle connections under a request shows nobody a 502, and gets
 * nothing twice that may change something.
 */
import net, { type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { printFigures } from '../support/figures.ts';
import { WatchedProxy } from '../support/watchedProxy.ts';

const gets = 1_000;
const posts = 100;

let app: Server;
let proxy: WatchedProxy;
/** The paths of all requests that the app has read. */
const seen: string[] = [];

beforeAll(async () => {
  // Every connection carries one answer, says that it stays open, and is reset by the next request.
  app = net.createServer({ noDelay: true }, (socket) => {
    let answered = false;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      seen.push(String(chunk).split(' ', 2).join(' '));
      if (answered) socket.resetAndDestroy();
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      answered = true;
    });
  });
  app.listen(0, '127.0.0.1');
  await new Promise((done) => app.once('listening', done));
  proxy = await WatchedProxy.start((app.address() as AddressInfo).port);
});
afterAll(async () => {
  await proxy.close();
  app.close();
});

test('1000 GETs: each gets its answer', async () => {
  const answers = await many(gets, 'GET');
  const errors = answers.filter((status) => status !== 200).length;
  const repeated = seen.length - gets;
  printFigures('stale connections × 1000 GETs', { 'visible errors': errors, repeated });
  expect(errors).toBe(0);
  // Each that goes on a new connection leaves a stale one for the next.
  expect(repeated).toBeGreaterThan(gets / 2);
});

test('100 POSTs between GETs: each gets its answer, and reaches the app once', async () => {
  seen.length = 0;
  const answers = await many(posts, 'POST', () =>
    ask(proxy.port, { host: proxy.host(), path: '/get' }),
  );
  const errors = answers.filter((status) => status !== 200).length;
  const reached = seen.filter((line) => line.startsWith('POST'));
  const twice = reached.length - new Set(reached).size;
  printFigures('stale connections × 100 POSTs', { 'visible errors': errors, 'sent twice': twice });
  expect([errors, twice, reached.length]).toEqual([0, 0, posts]);
});

/** Asks in turn on ten lines at once, with something before each. */
async function many(count: number, method: string, before?: () => Promise<unknown>) {
  const statuses: number[] = [];
  let next = 0;
  const line = async () => {
    while (next < count) {
      const path = `/${next++}`;
      await before?.();
      const headers = method === 'POST' ? { 'content-length': 0 } : {};
      const { status } = await ask(proxy.port, { host: proxy.host(), path, method, headers });
      statuses.push(status);
    }
  };
  await Promise.all(Array.from({ length: 10 }, line));
  return statuses;
}
