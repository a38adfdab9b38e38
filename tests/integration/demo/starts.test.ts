import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Daytona } from '@daytonaio/sdk';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type EmbeddedDaytona, startDaytona } from '../../../src/demo/daytona.ts';
import type { Sandbox } from '../../../src/demo/sandboxes.ts';

let daytona: EmbeddedDaytona;
let sdk: Daytona;

beforeEach(async () => {
  daytona = await startDaytona();
  const { apiKey, apiUrl } = daytona;
  sdk = new Daytona({ apiKey, apiUrl, requestTimeoutMs: 5000, useDeprecatedPolling: true });
});
afterEach(() => daytona.close());

/** A sandbox in a state, and the SDK's view of it, which keeps what it saw first. */
async function made(state: string, facts: Partial<Sandbox> = {}) {
  const sandbox = daytona.sandboxes.create({ state, ...facts });
  return { sandbox, token: sandbox.token, view: await sdk.get(sandbox.id) };
}

/** The states that a sandbox passes from now on. */
function passedBy(sandbox: Sandbox): string[] {
  const passed: string[] = [];
  daytona.sandboxes.on('state', (changed) => {
    if (changed === sandbox) passed.push(changed.state);
  });
  return passed;
}

describe('a start', () => {
  test('renews the token when it is accepted, and is answered when it is over', async () => {
    daytona.faults.startMs = 300;
    const { sandbox, token, view } = await made('stopped');
    const started = view.start();
    await once(daytona.sandboxes, 'state');
    expect(sandbox).toMatchObject({ state: 'starting', desiredState: 'started' });
    expect(sandbox.token).not.toBe(token);
    const renewed = sandbox.token;
    await started;
    expect(sandbox).toMatchObject({ state: 'started', token: renewed });
    expect(daytona.callsOf('POST', /\/start$/)).toMatchObject([{ status: 200 }]);
    expect(daytona.callsOf('GET', /^\/sandbox\/[^/]+$/)).toHaveLength(1); // Before the start.
  });

  test('that takes longer than the API waits is answered with the state on the way', async () => {
    Object.assign(daytona.faults, { startMs: 400, startAnswerMs: 50 });
    const { sandbox, view } = await made('stopped');
    const { apiKey, apiUrl } = daytona;
    const headers = { authorization: `Bearer ${apiKey}` };
    const answer = await fetch(`${apiUrl}/sandbox/${sandbox.id}/start`, {
      method: 'POST',
      headers,
    });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ state: 'starting', desiredState: 'started' });
    await view.waitUntilStarted(10);
    expect(sandbox.state).toBe('started');
  });

  test.each([
    ['stopped', 'starting', true],
    ['archived', 'restoring', true],
    ['archiving', 'restoring', true],
    ['paused', 'starting', false],
  ])('from %s passes through %s, with a new token: %s', async (from, through, renews) => {
    const { sandbox, token, view } = await made(from);
    const passed = passedBy(sandbox);
    await view.start();
    expect(passed).toEqual([through, 'started']);
    expect(sandbox.token !== token).toBe(renews);
  });

  test('of what is started does nothing', async () => {
    const { sandbox, token, view } = await made('started');
    const passed = passedBy(sandbox);
    await view.start();
    expect(sandbox.token).toBe(token);
    expect(passed).toEqual([]);
  });

  test.each([
    ['starting', 409],
    ['stopping', 409],
    ['restoring', 409],
    ['creating', 409],
    ['error', 400],
    ['build_failed', 400],
    ['destroyed', 400],
  ])('from %s is refused with %i', async (state, statusCode) => {
    const { sandbox, token, view } = await made(state);
    await expect(view.start()).rejects.toMatchObject({ statusCode });
    expect(sandbox).toMatchObject({ state, token });
  });

  test('is refused while another is on its way, and that one’s token stays', async () => {
    daytona.faults.startMs = 300;
    const { sandbox, view } = await made('stopped');
    const first = view.start();
    await once(daytona.sandboxes, 'state');
    const { token } = sandbox;
    const again = await sdk.get(sandbox.id);
    await expect(again.start()).rejects.toMatchObject({ statusCode: 409 });
    await first;
    expect(sandbox).toMatchObject({ state: 'started', token });
  });

  test.each([403, 422, 429, 500])('is answered %i and not begun, if so wished', async (status) => {
    daytona.faults.startStatus = status;
    const { sandbox, token, view } = await made('stopped');
    await expect(view.start()).rejects.toMatchObject({ statusCode: status });
    expect(sandbox).toMatchObject({ state: 'stopped', desiredState: 'stopped', token });
  });

  test('that fails on the way is answered with 400, and comes to nothing', async () => {
    daytona.faults.startMs = 300;
    const { sandbox, view } = await made('stopped');
    const started = view.start();
    started.catch(() => {});
    await once(daytona.sandboxes, 'state');
    Object.assign(sandbox, { state: 'error', errorReason: 'no room' });
    await expect(started).rejects.toMatchObject({ statusCode: 400 });
    const later = await made('stopped');
    await later.view.start(); // By now the first one would have been started too.
    expect(sandbox).toMatchObject({ state: 'error', desiredState: 'started' });
  });

  test('goes no further once Daytona is closed', async () => {
    daytona.faults.startMs = 30;
    const { sandbox, view } = await made('stopped');
    const started = view.start();
    started.catch(() => {});
    await once(daytona.sandboxes, 'state');
    await daytona.close();
    await expect(started).rejects.toThrow();
    await wait(60); // A timer that was not cleared would have fired before this one.
    expect(sandbox.state).toBe('starting');
    daytona = await startDaytona();
  });
});

describe('a recovery', () => {
  test('starts what an error ended, with a new token', async () => {
    const { sandbox, token, view } = await made('error', {
      recoverable: true,
      errorReason: 'full',
    });
    expect(view).toMatchObject({ recoverable: true, errorReason: 'full' });
    const passed = passedBy(sandbox);
    await view.recover();
    expect(passed).toEqual(['starting', 'started']);
    expect(sandbox).toMatchObject({ recoverable: false, errorReason: undefined });
    expect(sandbox.token).not.toBe(token);
  });

  test('is refused where the error is for good', async () => {
    const { sandbox, token, view } = await made('error');
    await expect(view.recover()).rejects.toMatchObject({ statusCode: 400 });
    expect(sandbox).toMatchObject({ state: 'error', token });
  });
});

describe('a stop', () => {
  test('takes its time, and is answered at once', async () => {
    daytona.faults.stopMs = 200;
    const { sandbox, token, view } = await made('started');
    const passed = passedBy(sandbox);
    await view.stop();
    expect(passed).toEqual(['stopping', 'stopped']);
    expect(sandbox).toMatchObject({ state: 'stopped', desiredState: 'stopped', token });
    const polled = daytona.callsOf('GET', /^\/sandbox\/[^/]+$/);
    expect(polled.length).toBeGreaterThan(2);
  });

  test('also ends a pause, and does nothing where there is nothing to stop', async () => {
    const paused = await made('paused');
    await paused.view.stop();
    expect(paused.sandbox.state).toBe('stopped');
    const passed = passedBy(paused.sandbox);
    await paused.view.stop();
    expect(passed).toEqual([]);
  });

  test('is refused while a start is on its way', async () => {
    daytona.faults.startMs = 300;
    const { sandbox, view } = await made('stopped');
    const started = view.start();
    await once(daytona.sandboxes, 'state');
    const again = await sdk.get(sandbox.id);
    await expect(again.stop()).rejects.toMatchObject({ statusCode: 409 });
    await started;
    expect(sandbox.state).toBe('started');
  });
});

test('calls on sandboxes that are not there are answered 404', async () => {
  const { sandbox, view } = await made('stopped');
  daytona.sandboxes.delete(sandbox);
  await expect(view.start()).rejects.toMatchObject({ statusCode: 404 });
  await expect(view.recover()).rejects.toMatchObject({ statusCode: 404 });
  await expect(view.stop()).rejects.toMatchObject({ statusCode: 404 });
});
