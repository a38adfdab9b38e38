import { expect, test } from '@jest/globals';
import { trailerPairs } from '../../../src/proxy/trailers.ts';

const context = {
  target: {
    origin: 'https://3000-abc.edge.test',
    protocol: 'https:',
    host: '3000-abc.edge.test',
    hostname: '3000-abc.edge.test',
    port: '',
  },
  port: 3000,
  host: '3000-abc.example.com',
  proto: 'https',
} as const;

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
