import { describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../../src/config/config.ts';
import { readEgressConfig } from '../../../src/config/egressConfig.ts';
import { isAllowed, whyNotAllowed } from '../../../src/egress/allowList.ts';

const rulesOf = (EGRESS_ALLOW: string) =>
  readEgressConfig({ EGRESS_ALLOW, EGRESS_SECRET: 'x'.repeat(32) }).EGRESS_ALLOW;
const rules = rulesOf(
  'OpenRouter.ai, *.anthropic.com, api.github.com:8443, plain.test:80, [2001:db8::1], 192.0.2.7:22',
);
const target = (host: string, port = 443, plain = false) => ({ host, port, plain });

test.each([
  [target('openrouter.ai'), true],
  [target('www.openrouter.ai'), false],
  [target('openrouter.ai', 80), false],
  [target('api.anthropic.com'), true],
  [target('a.b.anthropic.com'), true],
  [target('anthropic.com'), false],
  [target('evilanthropic.com'), false],
  [target('api.github.com'), false],
  [target('api.github.com', 8443), true],
  [target('plain.test', 80), true],
  [target('plain.test', 80, true), true],
  [target('api.github.com', 8443, true), false],
  [target('openrouter.ai', 80, true), false],
  [target('2001:db8::1'), true],
  [target('192.0.2.7', 22), true],
])('%j: %s', (asked, expected) => {
  expect(isAllowed(rules, asked)).toBe(expected);
});

test('the reason says what to add', () => {
  expect(whyNotAllowed(rules, target('other.test'))).toMatch(/add other\.test to EGRESS_ALLOW/);
  expect(whyNotAllowed(rules, target('api.github.com'))).toMatch(
    /on port 8443 and not on 443.*add api\.github\.com to EGRESS_ALLOW/,
  );
  expect(whyNotAllowed(rules, target('2001:db8::2', 1))).toContain('[2001:db8::2]:1');
});

describe('a list is refused that holds', () => {
  test.each([
    'https://openrouter.ai',
    'openrouter.ai/api',
    '*',
    '*.',
    'a*.example.com',
    '*.192.0.2.1',
    '0x7f.1',
    '2130706433',
    '[::0:1]',
    'example.com:0',
    'example.com:65536',
    'example.com.',
    'user@example.com',
  ])('%s', (entry) => {
    expect(() => rulesOf(`openrouter.ai,${entry}`)).toThrow(ConfigError);
  });
});
