/** Guarantee: a sandbox that takes its time is started once, and waited for until it serves. */
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { type Sleeper, startSleeper } from '../support/sleeper.ts';

let rig: Sleeper;
afterEach(() => rig.close());

test('a sandbox is waited for until the port really answers', async () => {
  rig = await startSleeper();
  rig.daytona.faults.listenMs = 1_200;
  const begun = performance.now();
  expect((await rig.request()).status).toBe(200);
  expect(performance.now() - begun).toBeGreaterThan(1_200);
});

test('a sandbox is not started again within the cooldown, and then is', async () => {
  rig = await startSleeper({ WAKE_COOLDOWN_MS: '1500' });
  expect((await rig.request()).status).toBe(200);
  rig.sandbox.state = 'stopped';
  expect((await rig.request()).status).toBe(200);
  const [first, second, ...more] = rig.daytona.callsOf('POST', /\/start$/);
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(1_400);
  expect(more).toEqual([]);
});

test('an API that is away for a moment does not end a start', async () => {
  rig = await startSleeper();
  rig.daytona.faults.startMs = 1_500;
  const answer = rig.request();
  await rig.daytona.called(2);
  expect(await eventually(() => rig.starts() === 1)).toBe(true);
  await rig.daytona.stopApi();
  await once(rig.daytona.sandboxes, 'state');
  await rig.daytona.startApi();
  expect((await answer).status).toBe(200);
});
