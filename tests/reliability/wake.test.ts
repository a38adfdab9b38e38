/** Guarantee: a crowd before a sandbox that sleeps starts it once, and everybody arrives. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { printFigures } from '../support/figures.ts';
import { type Rig, startRig } from '../support/rig.ts';

const people = 50;
const programs = 50;
const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

let rig: Rig;
beforeAll(async () => {
  rig = await startRig({
    app: (_req, res) => res.end('the app'),
    sandbox: { state: 'stopped' },
  });
  rig.daytona.faults.startMs = 2_000;
  rig.daytona.faults.listenMs = 1_000;
});
afterAll(() => rig.close());

test('100 visitors at once before a stopped sandbox: one start, all arrive', async () => {
  const begun = performance.now();
  const arrived = await Promise.all([
    ...Array.from({ length: people }, visit),
    ...Array.from({ length: programs }, async () => {
      const write = { host: rig.host(), method: 'POST', body: 'x' };
      return (await ask(rig.proxy.port, write)).body;
    }),
  ]);
  const starts = rig.daytona.callsOf('POST', /\/start$/).length;
  const arrivals = arrived.filter((body) => body === 'the app').length;
  printFigures('a stopped sandbox', {
    visitors: people + programs,
    starts,
    arrivals,
    'all there after, ms': Math.round(performance.now() - begun),
  });
  expect([starts, arrivals]).toEqual([1, people + programs]);
});

/** What the waiting page does: it listens until the sandbox is ready, and loads the page anew. */
async function visit(): Promise<string> {
  const first = await ask(rig.proxy.port, { host: rig.host(), headers: page });
  expect(first.headers['x-proxy-error']).toBe('SANDBOX_STARTING');
  const stream = await ask(rig.proxy.port, {
    host: rig.host(),
    path: '/?DAYTONA_PROXY_WAKE=1',
    headers: { accept: 'text/event-stream' },
  });
  expect(stream.body).toMatch(/event: ready\ndata: \n\n$/);
  return (await ask(rig.proxy.port, { host: rig.host(), headers: page })).body;
}
