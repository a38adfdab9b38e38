import { expect, test } from '@jest/globals';
import { forwardedOrigin } from '../../../src/proxy/origin.ts';

const base = {
  host: '3000-abc.example.com',
  port: 3000,
  upstreamOrigin: 'https://3000-abc.edge.test',
};

test.each([
  ['local', 'http://localhost:3000'],
  ['preserve', 'https://3000-abc.example.com'],
  ['upstream', 'https://3000-abc.edge.test'],
  ['strip', undefined],
] as const)('in mode %s our own Origin becomes %s', (mode, seen) => {
  expect(forwardedOrigin('https://3000-abc.example.com', { ...base, mode })).toBe(seen);
});

test.each([
  'https://evil.test',
  'https://3001-abc.example.com',
  'null',
  'https://3000-abc.example.com:444',
])('the foreign Origin %s passes untouched in every mode', (origin) => {
  for (const mode of ['local', 'preserve', 'upstream', 'strip'] as const) {
    expect(forwardedOrigin(origin, { ...base, mode })).toBe(origin);
  }
});

test.each([
  ['http://3000-abc.example.com:3002', '3000-abc.example.com:3002'],
  ['https://3000-ABC.example.com:443', '3000-abc.example.com'],
  ['https://3000-abc.example.com', '3000-abc.example.com:443'],
  ['https://3000-abc.example.com', '3000-abc.example.com.'],
])('%s is our own for Host %s', (origin, host) => {
  expect(forwardedOrigin(origin, { ...base, host, mode: 'local' })).toBe('http://localhost:3000');
});
