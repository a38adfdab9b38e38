import { expect, test } from '@jest/globals';
import type { ErrorCode } from '../../../src/replies/errors.ts';
import { explanations } from '../../../src/replies/explanations.ts';
import { doorPages } from '../../support/pages/doorPages.ts';
import { sandboxPages } from '../../support/pages/sandboxPages.ts';

/** Codes whose page nobody can be led to, and why. */
const unseen: Readonly<Record<string, string>> = {
  SHARE_INVALID: 'programs make shares',
  SHARE_UNAUTHORIZED: 'programs make shares',
  SHARE_NOT_FOUND: 'programs end shares',
  INTERNAL: 'a fault of ours, and none is known',
  OVERLOADED: 'the machine has no descriptors left',
  START_UNDER_WAY: 'what is starting already is waited for',
  TOO_MANY_PAGES: 'the script of /stats asks for what it forbids',
};

test('each of our errors is looked at by a browser, or cannot be', () => {
  const seen = [...doorPages, ...sandboxPages].flatMap(({ code }) => code ?? []);
  const missing = Object.keys(explanations).filter(
    (code) => !seen.includes(code as ErrorCode) && !(code in unseen),
  );
  expect(missing).toEqual([]);
  expect(seen.filter((code) => code in unseen)).toEqual([]);
});
