/** Guarantee: what is known of a sandbox in use is never waited for, nor believed for too long. */
import type { RequestListener } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
afterEach(() => rig.close());

const app: RequestListener = (_req, res) => void res.end('the app');
const lookups = () => rig.daytona.calls.filter(({ path }) => path.endsWith('preview-url'));

test('what is known of a sandbox in use is asked for anew before it expires, so that nobody waits', async () => {
  const ttlMs = 4_000;
  rig = await startRig({ app, env: { CACHE_TTL: String(ttlMs) } });
  expect((await ask(rig.proxy.port, { host: rig.host() })).status).toBe(200);
  rig.daytona.faults.apiDelayMs = 200;
  for (const end = performance.now() + 1.3 * ttlMs; performance.now() < end; ) {
    expect((await ask(rig.proxy.port, { host: rig.host() })).status).toBe(200);
  }
  expect(lookups().length).toBeGreaterThan(1);
  // Whoever has to wait for Daytona is counted: the first, and nobody since.
  const stats = await ask(rig.proxy.port, { host: 'localhost', path: '/stats' });
  expect(JSON.parse(stats.body)).toMatchObject({ misses: 1 });
});

test('what is known of a sandbox serves for a while longer where Daytona does not answer, and no longer', async () => {
  rig = await startRig({ app, env: { CACHE_TTL: '300', STALE_IF_ERROR_MS: '1000' } });
  const status = async () => (await ask(rig.proxy.port, { host: rig.host() })).status;
  expect(await status()).toBe(200);
  rig.daytona.faults.apiStatus = 500;
  const begun = performance.now();
  let last = 200;
  while (last === 200) last = await status();
  const served = performance.now() - begun;
  expect(last).toBe(503);
  expect(served).toBeGreaterThan(1_000);
  expect(served).toBeLessThan(2_500);
});
