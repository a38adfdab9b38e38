import { describe, expect, test } from '@jest/globals';
import { patienceOf, type WakeMode } from '../../../../src/sandbox/wake/patience.ts';

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const headless =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36';
const page = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

const asked = (mode: WakeMode, method: string, headers = {}, path = '/') =>
  patienceOf(mode, { method, headers }, path);

describe('what a request may do about a sandbox that sleeps', () => {
  test.each([
    ['a page', 'GET', { ...page, 'user-agent': firefox }, 'start'],
    ['a page in a frame', 'GET', { ...page, 'sec-fetch-dest': 'iframe' }, 'start'],
    [
      'a page of an old browser',
      'GET',
      { accept: 'text/html,*/*', 'user-agent': firefox },
      'start',
    ],
    ['a page of a browser under test', 'GET', { ...page, 'user-agent': headless }, 'start'],
    ['a write', 'POST', {}, 'start'],
    ['a write by curl', 'PUT', { 'user-agent': 'curl/8.14.1' }, 'start'],
    ['a write by Node', 'PATCH', { 'user-agent': 'node' }, 'start'],
    [
      'a write that takes events',
      'POST',
      { accept: 'application/json, text/event-stream' },
      'start',
    ],
    ['a write by a program of any name', 'POST', { 'user-agent': 'some-robot/1.0' }, 'start'],
    ['a GET by curl', 'GET', { 'user-agent': 'curl/8.14.1', accept: '*/*' }, 'wait'],
    ['a HEAD', 'HEAD', {}, 'wait'],
    ['a preflight', 'OPTIONS', {}, 'wait'],
    ['an upgrade', 'GET', { upgrade: 'websocket' }, 'wait'],
    ['a script', 'GET', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }, 'wait'],
    ['a crawler', 'GET', { ...page, 'user-agent': 'Googlebot/2.1' }, 'leave'],
    ['a prefetch', 'GET', { ...page, 'sec-purpose': 'prefetch' }, 'leave'],
    ['an old prefetch', 'GET', { accept: 'text/html', 'x-moz': 'prefetch' }, 'leave'],
    ['an event stream', 'GET', { accept: 'text/event-stream' }, 'leave'],
    ['one among others', 'GET', { accept: 'application/json, Text/Event-Stream;q=0.9' }, 'leave'],
    ['one that goes on', 'GET', { accept: '*/*', 'last-event-id': '' }, 'leave'],
    ['a write that goes on', 'POST', { 'last-event-id': '7' }, 'start'],
    ['a page that would take events', 'GET', { accept: 'text/html, text/event-stream' }, 'start'],
    ['what only sounds like events', 'GET', { accept: 'text/event-streams' }, 'wait'],
  ])('%s', (_what, method, headers, patience) => {
    expect(asked('navigation', method, headers)).toBe(patience);
    expect(asked('off', method, headers)).toBe('leave');
    expect(asked('any', method, headers)).toBe(patience === 'leave' ? 'leave' : 'start');
  });

  test.each([
    '/favicon.ico',
    '/deep/favicon.svg',
    '/apple-touch-icon-precomposed.png',
    '/robots.txt',
  ])('what browsers and crawlers ask for by themselves: %s', (path) => {
    for (const mode of ['navigation', 'any'] as const) {
      expect(asked(mode, 'GET', { ...page, 'user-agent': firefox }, path)).toBe('leave');
    }
  });
});
