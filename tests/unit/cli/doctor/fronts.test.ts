import { expect, test } from '@jest/globals';
import { recognize } from '../../../../src/cli/doctor/fronts.ts';

test.each([
  ['nginx', { server: 'nginx/1.22.1' }],
  ['nginx', { server: 'openresty' }],
  ['caddy', { server: 'Caddy' }],
  ['caddy', { via: '1.1 Caddy' }],
  ['cloudflare', { server: 'cloudflare', 'cf-ray': '8c1-FRA' }],
  ['cloudflare', { server: 'nginx', 'cf-ray': '8c1-FRA' }],
  ['traefik', { server: 'Traefik' }],
  [undefined, {}],
  [undefined, { server: 'the app' }],
] as const)('recognizes %s by %j', (kind, headers) => {
  expect(recognize(headers)).toBe(kind);
});
