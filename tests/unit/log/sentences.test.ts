import { expect, test } from '@jest/globals';
import { sentence } from '../../../src/log/sentences.ts';

const key = { sandbox: 'abc123', port: 4096 };

test.each([
  [{ event: 'cache.hit', ...key }, '✅ Cache hit for abc123:4096'],
  [{ event: 'cache.fetch', ...key }, '🔍 Fetching preview URL for abc123:4096'],
  [{ event: 'cache.store', ...key }, '💾 Cached preview URL for abc123:4096'],
  [
    { event: 'proxy.request', method: 'GET', path: '/docs', upstream: 'https://x.test' },
    '🔄 Proxying GET /docs → https://x.test',
  ],
  [{ event: 'proxy.response.error', status: 404 }, '⚠️ Proxy response error: 404'],
  [{ event: 'proxy.error', code: 'INTERNAL' }, '❌ Proxy middleware error: INTERNAL'],
  [{ event: 'cache.clean', count: 3 }, '🧹 Cleaned 3 expired cache entries'],
] as const)('writes %j as the original did', (facts, words) => {
  expect(sentence(facts.event, facts)).toBe(words);
});

test('lets no control byte of a stranger through', () => {
  const facts = { method: 'GET', path: '/\u001b[31m\n', upstream: '' };
  const line = sentence('proxy.request', facts);
  expect(line).not.toMatch(/\p{Cc}/u);
  expect(line).toContain('\\x1b[31m\\x0a');
});
