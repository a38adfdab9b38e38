import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { Handovers } from '../../../src/access/login/handover.ts';
import { Sessions } from '../../../src/access/session.ts';
import { Verdicts } from '../../../src/access/verdicts.ts';
import { Seals } from '../../../src/seals.ts';

const start = Date.now();
const after = (ms: number) => jest.advanceTimersByTime(start + ms - Date.now());
beforeEach(() => {
  jest.useFakeTimers({ now: start, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
});
afterEach(() => {
  jest.useRealTimers();
});

const secret = 's'.repeat(32);
const seals = new Seals([secret]);
const sessions = new Sessions(seals, seals, { ttlMs: 3_600_000, partitioned: false });
const host = '3000-abc.proxy.test';
const issue = async (more = {}) => {
  const cookie = await sessions.issue({ host, sandboxId: 'abc', visitor: 'v', ...more }, 'https');
  return /=([^;]*)/.exec(cookie)?.[1] ?? '';
};

test('a session ends an hour after its last renewal, and is renewed once a tenth has passed', async () => {
  const value = await issue();
  const young = await sessions.read(value, host);
  expect(young).toMatchObject({ sandboxId: 'abc', visitor: 'v' });
  expect(young && Sessions.isOld(young)).toBe(false);
  after(361_000);
  expect(young && Sessions.isOld(young)).toBe(true);
  after(3_599_000);
  expect(await sessions.read(value, host)).toBeDefined();
  after(3_601_000);
  expect(await sessions.read(value, host)).toBeUndefined();
});

test('a session of a share link ends with the link', async () => {
  const share = { id: 'i', readOnly: false, pathPrefix: '/', expiresAt: start + 60_000 };
  const value = await issue({ share });
  after(59_000);
  expect(await sessions.read(value, host)).toMatchObject({ share });
  after(61_000);
  expect(await sessions.read(value, host)).toBeUndefined();
});

test('a seal opens for its own purpose, with its own secret, and not too late', async () => {
  const text = await seals.seal('login', { a: 1 }, start + 10_000);
  expect(await seals.open('login', text)).toMatchObject({ a: 1 });
  expect(await seals.open('session', text)).toBeUndefined();
  expect(await new Seals(['t'.repeat(32)]).open('login', text)).toBeUndefined();
  expect(await new Seals(['t'.repeat(32), secret]).open('login', text)).toMatchObject({ a: 1 });
  for (const other of ['', 'x', `${text}x`, text.slice(1)]) {
    expect(await seals.open('login', other)).toBeUndefined();
  }
  after(11_000);
  expect(await seals.open('login', text)).toBeUndefined();
});

test('a one-time code lives for 30 seconds', async () => {
  const handovers = new Handovers();
  const login = { host, browser: 'b', sandboxId: 'abc', visitor: 'v', login: 'l' };
  const [one, two] = [await handovers.give(login), await handovers.give(login)];
  after(29_000);
  expect(await handovers.take(one, host, ['x', 'b'])).toEqual(login);
  expect(await handovers.take(one, host, ['b'])).toBeUndefined();
  after(31_000);
  expect(await handovers.take(two, host, ['b'])).toBeUndefined();
});

test('a good verdict is kept for 2 minutes, a bad one for 5 seconds, a failure not at all', async () => {
  const verdicts = new Verdicts<string>();
  let asked = 0;
  const ask = (hash: string, found: string | undefined) =>
    verdicts.of(hash, async () => {
      asked += 1;
      return found;
    });
  await ask('good', 'yes');
  await ask('bad', undefined);
  after(4_900);
  expect([await ask('good', 'x'), await ask('bad', 'x'), asked]).toEqual(['yes', undefined, 2]);
  after(5_100);
  expect([await ask('bad', undefined), asked]).toEqual([undefined, 3]);
  after(119_000);
  expect([await ask('good', 'x'), asked]).toEqual(['yes', 3]);
  after(121_000);
  expect([await ask('good', 'x'), asked]).toEqual(['x', 4]);
  const failing = () => verdicts.of('down', () => Promise.reject(new Error('down')));
  await expect(failing()).rejects.toThrow('down');
  expect(await ask('down', 'up')).toBe('up');
});
