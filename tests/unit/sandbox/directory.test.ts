import { beforeEach, describe, expect, test } from '@jest/globals';
import { createLog } from '../../../src/log/logger.ts';
import { ProxyError } from '../../../src/replies/errors.ts';
import { SandboxCache } from '../../../src/sandbox/cache.ts';
import type { Daytona, SandboxFacts } from '../../../src/sandbox/daytona.ts';
import { SandboxDirectory } from '../../../src/sandbox/directory.ts';
import { showsToken } from '../../../src/sandbox/edgeWays.ts';
import { Lookups } from '../../../src/sandbox/lookups.ts';
import { MissBudget } from '../../../src/sandbox/missBudget.ts';
import type { LinkRules } from '../../../src/sandbox/mode.ts';

const log = createLog({ level: 'error', format: 'json' });
let facts: SandboxFacts;
let token: string;
let fail: ProxyError | undefined;
let calls: string[];
let gate: Promise<void>;

const daytona: Pick<Daytona, 'link' | 'facts'> = {
  link: async (id, port) => {
    calls.push(`link ${id}:${port}`);
    await gate;
    if (fail) throw fail;
    return { sandboxId: facts.id, url: `https://${port}-${id}.edge.test`, token };
  },
  facts: async (id) => {
    calls.push(`facts ${id}`);
    await gate;
    if (fail) throw fail;
    return facts;
  },
};
const links: LinkRules = {
  linkedBy: (address) => address,
  showsToken: ({ facts }, port) => showsToken(facts, port),
  moves: false,
};
let directory: SandboxDirectory;
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error: unknown) => (error instanceof ProxyError ? error.code : String(error)),
  );

beforeEach(() => {
  facts = { id: 'abc', state: 'started', public: false, labels: {} };
  token = 'first';
  fail = undefined;
  calls = [];
  gate = Promise.resolve();
  const cache = new SandboxCache(
    {
      ttlMs: 60_000,
      factsMs: 60_000,
      staleMs: 60_000,
      ...links,
      shared: () => false,
      onKeepLink: () => {},
      onForget: () => {},
    },
    log,
  );
  const budget = new MissBudget({ windowMs: 60_000, perClient: 0, inAll: 0 });
  directory = new SandboxDirectory(
    cache,
    new Lookups(daytona, budget, cache, links, log),
    links,
    log,
  );
});

describe('SandboxDirectory', () => {
  test('makes one lookup for a thousand simultaneous requests', async () => {
    const all = Array.from({ length: 1000 }, () => directory.resolve({ id: 'abc', port: 3000 }));
    await Promise.all(all);
    expect(calls).toEqual(['link abc:3000', 'facts abc']);
  });

  test('answers from the cache, and asks only for the link of a second port', async () => {
    const answers = [];
    for (const port of [3000, 3000, 4096]) {
      answers.push((await directory.resolve({ id: 'abc', port })).by);
    }
    expect(calls).toEqual(['link abc:3000', 'facts abc', 'link abc:4096']);
    expect(answers).toEqual(['miss', 'hit', 'miss']);
    expect(directory.cached().map(({ key }) => key)).toEqual(['abc:3000', 'abc:4096']);
    expect(directory.cached()[0]).toMatchObject({ age: 0, remaining: 60 });
  });

  test('remembers that a sandbox does not exist, but no other failure', async () => {
    fail = new ProxyError('SANDBOX_NOT_FOUND');
    expect(await codeOf(directory.resolve({ id: 'no', port: 1 }))).toBe('SANDBOX_NOT_FOUND');
    expect(await codeOf(directory.resolve({ id: 'no', port: 2 }))).toBe('SANDBOX_NOT_FOUND');
    expect(calls).toHaveLength(2);
    fail = new ProxyError('DAYTONA_UNAVAILABLE');
    expect(await codeOf(directory.resolve({ id: 'abc', port: 1 }))).toBe('DAYTONA_UNAVAILABLE');
    fail = undefined;
    expect(await codeOf(directory.resolve({ id: 'abc', port: 1 }))).toBe('none');
  });

  test.each(['constructor', '__proto__', 'toString'])('knows no sandbox named %s', async (id) => {
    fail = new ProxyError('SANDBOX_NOT_FOUND');
    expect(await codeOf(directory.resolve({ id, port: 1 }))).toBe('SANDBOX_NOT_FOUND');
    expect(calls).toHaveLength(2);
  });

  test.each([
    ['stopped', 'SANDBOX_NOT_RUNNING'],
    ['archived', 'SANDBOX_NOT_RUNNING'],
    ['error', 'SANDBOX_NOT_RUNNING'],
    ['starting', 'SANDBOX_NOT_RUNNING'],
    ['destroyed', 'SANDBOX_NOT_FOUND'],
    ['a-state-of-tomorrow', 'none'],
  ])('meets the state %s with %s', async (state, code) => {
    facts = { ...facts, state };
    expect(await codeOf(directory.resolve({ id: 'abc', port: 3000 }))).toBe(code);
  });

  test('keeps no link of a sandbox that does not run, since its start renews the token', async () => {
    const first = await directory.resolve({ id: 'abc', port: 3000 });
    facts = { ...facts, state: 'stopped' };
    const after = directory.after('stopped', { id: 'abc', port: 3000 }, first);
    expect(await codeOf(after)).toBe('SANDBOX_NOT_RUNNING');
    expect(directory.cached()).toEqual([]);
  });

  test('looks up again after the edge refused the token', async () => {
    const first = await directory.resolve({ id: 'abc', port: 3000 });
    token = 'second';
    const found = await directory.after('token', { id: 'abc', port: 3000 }, first);
    expect(found?.link.token).toBe('second');
    expect(directory.known({ id: 'abc', port: 3000 })?.link.token).toBe('second');
  });

  test('does not mix two sandboxes when a name goes to another one', async () => {
    await directory.resolve({ id: 'name', port: 3000 });
    facts = { ...facts, id: 'xyz' };
    const other = await directory.resolve({ id: 'name', port: 4096 });
    expect([other.link.sandboxId, other.facts.id]).toEqual(['xyz', 'xyz']);
    const { link } = await directory.resolve({ id: 'name', port: 3000 });
    expect(link.sandboxId).toBe('xyz');
  });
});
