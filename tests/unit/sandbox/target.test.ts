import { describe, expect, test } from '@jest/globals';
import { ProxyError } from '../../../src/replies/errors.ts';
import { checkTarget } from '../../../src/sandbox/target.ts';

const rules = { domains: ['proxy.example.com', 'proxy.localhost'], ownPort: 3002 };
const check = (url: string) => checkTarget({ sandboxId: 'abc', url, token: 't' }, 3000, rules);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ProxyError) return error.code;
  }
  return 'none';
}

describe('checkTarget', () => {
  test.each([
    ['https://3000-abc.proxy.daytona.work', 'https://3000-abc.proxy.daytona.work'],
    ['http://3000-abc.proxy.localhost:4000/', 'http://3000-abc.proxy.localhost:4000'],
    ['https://3000-ABC.edge.test/some/path?x', 'https://3000-abc.edge.test'],
  ])('takes the origin of %s', (url, origin) => {
    expect(check(url).origin).toBe(origin);
  });

  test.each([
    'ftp://3000-abc.edge.test',
    'file:///etc/passwd',
    'https://user:pw@3000-abc.edge.test',
    'https://3001-abc.edge.test',
    'https://3000-other.edge.test',
    'https://3000-abc',
    'https://3000-abcd.edge.test',
    'http://127.0.0.1:8080',
    'http://[::1]/',
    'http://169.254.169.254/latest/meta-data',
    'no url',
    '',
  ])('refuses %s', (url) => {
    expect(codeOf(() => check(url))).toBe('UPSTREAM_FORBIDDEN');
  });

  test('knows its own hosts, but not those of a Daytona on another port of this machine', () => {
    expect(codeOf(() => check('https://3000-abc.proxy.example.com'))).toBe('LOOP_DETECTED');
    expect(codeOf(() => check('http://3000-abc.proxy.localhost:3002'))).toBe('LOOP_DETECTED');
    expect(codeOf(() => check('http://3000-abc.proxy.localhost:4000'))).toBe('none');
  });
});
