import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { Seals } from '../../../src/seals.ts';
import { Envelopes } from '../../../src/store/envelope.ts';

const seals = new Seals(['s'.repeat(32)]);
const envelopes = new Envelopes(seals, 'p:');
const inAMinute = () => Date.now() + 60_000;

test('what was sealed opens under its name and in its shape alone', async () => {
  const text = await envelopes.seal('a:b', { n: 1 }, inAMinute());
  const shape = z.object({ n: z.number() });
  expect(await envelopes.open('a:b', text, shape)).toEqual({ n: 1 });
  expect(await envelopes.open('a:c', text, shape)).toBeUndefined();
  expect(await envelopes.open('a:b', text, z.object({ n: z.string() }))).toBeUndefined();
  const session = await seals.seal('session', { name: 'a:b', value: { n: 1 } }, inAMinute());
  expect(await envelopes.open('a:b', session, shape)).toBeUndefined();
});

test('it opens until its last millisecond, and not for long after it', async () => {
  const soon = await envelopes.seal('a', 1, Date.now() + 1);
  expect(await envelopes.open('a', soon, z.number())).toBe(1);
  const over = await envelopes.seal('a', 1, Date.now() - 2_000);
  expect(await envelopes.open('a', over, z.number())).toBeUndefined();
});

test('no text that is not ours opens, and none throws', async () => {
  const text = await envelopes.seal('a', 'x', inAMinute());
  const parts = text.split('.');
  const altered = fc
    .tuple(fc.nat(4), fc.string())
    .map(([at, part]) => parts.with(at, part).join('.'))
    .filter((other) => other !== text);
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), altered), async (other) => {
      expect(await envelopes.open('a', other, z.unknown())).toBeUndefined();
    }),
  );
});

test('names show their kind and nothing of the rest', () => {
  expect(envelopes.nameOf('code:secret')).toMatch(/^p:code:[\w-]{43}$/);
  expect(envelopes.nameOf('code:other')).not.toBe(envelopes.nameOf('code:secret'));
  expect(envelopes.nameOf('ended')).toBe('p:ended');
  expect(envelopes.secretNameOf('rate', '10.0.0.1')).toMatch(/^p:rate:[\w-]{12}$/);
  const others = new Envelopes(new Seals(['t'.repeat(32)]), 'p:');
  expect(others.secretNameOf('rate', '1')).not.toBe(envelopes.secretNameOf('rate', '1'));
});
