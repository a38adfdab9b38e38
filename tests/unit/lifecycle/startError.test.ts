import { expect, test } from '@jest/globals';
import { explainStartError } from '../../../src/lifecycle/startError.ts';

test('a port that only root may open is explained both ways, with and without another program', () => {
  const error = Object.assign(new Error('listen EACCES'), { code: 'EACCES', port: 443 });
  const sentence = explainStartError(error);
  expect(sentence).toMatch(/^No permission to listen on port 443\. .*Nginx, Caddy or Docker/);
  expect(sentence).toContain('AmbientCapabilities=CAP_NET_BIND_SERVICE');
});
