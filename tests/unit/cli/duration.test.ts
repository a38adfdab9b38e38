import { expect, test } from '@jest/globals';
import { parseDuration } from '../../../src/cli/duration.ts';

test.each([
  ['1s', 1],
  ['90s', 90],
  ['30m', 1_800],
  ['12h', 43_200],
  ['30d', 2_592_000],
])('%s', (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

test.each(['', '1', 'h', '0h', '-1h', '1.5h', '1H', '1 h', '1h2m', '99999999s'])(
  'refuses "%s"',
  (text) => {
    expect(() => parseDuration(text)).toThrow('90s, 30m, 12h or 7d');
  },
);
