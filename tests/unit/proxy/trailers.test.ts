import { expect, test } from '@jest/globals';
import { trailerPairs } from '../../../src/proxy/trailers.ts';
import { context } from '../../support/locationContext.ts';

test('trailers keep order and duplicates', () => {
  expect(trailerPairs(['X-A', '1', 'Server-Timing', 'x', 'X-A', '2'], context)).toEqual([
    ['X-A', '1'],
    ['Server-Timing', 'x'],
    ['X-A', '2'],
  ]);
});

test.each([
  'Content-Length',
  'Transfer-Encoding',
  'Set-Cookie',
  'Location',
  'Cache-Control',
  'Content-Encoding',
  'X-Request-Id',
  'X-Proxy-Error',
  'X-Daytona-Anything',
  'Connection',
])('%s may not come behind the body', (name) => {
  expect(trailerPairs([name, '1'], context)).toEqual([]);
});
