import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from '@jest/globals';
import { createLog } from '../../src/log/logger.ts';
import { followEvents, type SandboxChange } from '../../src/sandbox/events.ts';
import { ask, codeOf } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
afterEach(() => rig.close());

async function start(env: Record<string, string> = {}): Promise<void> {
  rig = await startRig({ app: (_req, res) => res.end('ok'), events: true, env });
}

const heard = (event: string, times = 1) =>
  eventually(() => rig.logs().filter((line) => line.event === event).length === times);
const got = async () => {
  const answer = await ask(rig.proxy.port, { host: rig.host() });
  return answer.status === 200 ? 'ok' : codeOf(answer);
};

test('a sandbox that stops is known to be stopped within a second, without a word of its edge', async () => {
  await start();
  expect(await heard('events.on')).toBe(true);
  expect(await got()).toBe('ok');
  const changed = performance.now();
  rig.sandbox.state = 'stopped';
  const forgotten = () => rig.logs().some(({ state }) => state === 'stopped');
  expect(await eventually(() => rig.logs().some(({ event }) => event === 'cache.learn'))).toBe(
    true,
  );
  expect(performance.now() - changed).toBeLessThan(1_000);
  expect(forgotten()).toBe(true);
  const calls = rig.daytona.calls.length;
  expect(await got()).toBe('SANDBOX_NOT_RUNNING');
  expect(rig.daytona.calls.length).toBe(calls);
});

test('a sandbox that was asked for before it came into being is there at once', async () => {
  await start();
  expect(await heard('events.on')).toBe(true);
  const id = 'a-name-of-tomorrow';
  const host = `3000-${id}.proxy.test`;
  expect(codeOf(await ask(rig.proxy.port, { host }))).toBe('SANDBOX_NOT_FOUND');
  const made = rig.daytona.sandboxes.create({ id });
  made.ports.set(3000, rig.sandbox.ports.get(3000) ?? 0);
  expect(
    await eventually(async () => (await ask(rig.proxy.port, { host })).status === 200, 1_000),
  ).toBe(true);
});

test.each(['lost', 'dismissed'] as const)('a stream that is %s comes back', async (how) => {
  await start();
  expect(await heard('events.on')).toBe(true);
  rig.daytona.dropEvents(how);
  expect(await heard('events.off')).toBe(true);
  expect(await heard('events.on', 2)).toBe(true);
});

test('a key without the right to events is told once, and everything works', async () => {
  rig = await startRig({ app: (_req, res) => res.end('ok'), events: true });
  rig.daytona.faults.eventsRefused = true;
  rig.daytona.dropEvents('lost');
  expect(await heard('events.off')).toBe(true);
  expect(await got()).toBe('ok');
});

test('no secret of a sandbox is logged', async () => {
  await start();
  expect(await heard('events.on')).toBe(true);
  expect(await got()).toBe('ok');
  rig.sandbox.state = 'stopped';
  expect(await eventually(() => rig.logs().some(({ event }) => event === 'cache.learn'))).toBe(
    true,
  );
  expect(JSON.stringify(rig.logs())).not.toContain('only-the-sandbox-may-know');
});

test('no secret of a sandbox comes further than to who reads the stream', async () => {
  await start({ DAYTONA_EVENTS: 'off' });
  const { apiKey, apiUrl, sandboxes } = rig.daytona;
  const changes: SandboxChange[] = [];
  let lines = '';
  const stream = new PassThrough().on('data', (chunk) => {
    lines += chunk;
  });
  const end = await followEvents({
    apiKey,
    apiUrl,
    onChange: (change) => changes.push(change),
    log: createLog({ level: 'info', format: 'json', stream }),
  });
  try {
    expect(await eventually(() => lines.includes('events.on'))).toBe(true);
    const { id } = sandboxes.create();
    rig.sandbox.state = 'stopped';
    expect(await eventually(() => changes.length >= 2)).toBe(true);
    expect(changes.map(({ facts }) => facts.id)).toEqual(
      expect.arrayContaining([id, rig.sandbox.id]),
    );
    expect(JSON.stringify(changes)).not.toContain('only-the-sandbox-may-know');
  } finally {
    end();
  }
});

test('with DAYTONA_EVENTS=off nobody listens', async () => {
  await start({ DAYTONA_EVENTS: 'off' });
  expect(await got()).toBe('ok');
  expect(rig.logs().some(({ event }) => String(event).startsWith('events.'))).toBe(false);
});
