import { describe, expect, test } from '@jest/globals';
import { refusalByBody, refusalByHead } from '../../../src/proxy/refusal.ts';

const login =
  'https://dex.test/auth?client_id=x&redirect_uri=https%3A%2F%2Fedge.test%2Fcallback&state=y';

const host = '3000-abc.edge.test';

describe('refusalByHead', () => {
  test('knows the edge’s login redirect', () => {
    const head = ['Set-Cookie', 'pkce_verifier=x; Path=/', 'Location', login];
    expect(refusalByHead('GET', 307, head, host)).toBe('token');
  });

  test.each([
    ['a redirect of the app', 307, ['Location', '/login']],
    ['a login of the app with its own callback', 307, ['Location', login]],
    [
      'an empty 502 of the app with a type',
      502,
      ['Content-Length', '0', 'Content-Type', 'text/plain'],
    ],
    ['an empty 502 of the app', 502, ['Content-Length', '0', 'X-Powered-By', 'Express']],
    [
      'a login of the app with a cookie of that name',
      307,
      ['Set-Cookie', 'pkce_verifier=x', 'Location', login.replace('edge.test', 'app.example.com')],
    ],
    ['a 502 of the app with a body', 502, ['Content-Length', '5']],
    ['a page that says 404', 404, ['Content-Type', 'text/html', 'Content-Length', '100']],
    ['a large JSON error', 400, ['Content-Type', 'application/json', 'Content-Length', '100000']],
    ['an answer without trouble', 200, []],
  ])('leaves %s alone', (_what, status, head) => {
    expect(refusalByHead('GET', status, head as string[], host)).toBeUndefined();
  });

  test('knows an empty 502, to HEAD too', () => {
    expect(refusalByHead('POST', 502, ['Content-Length', '0'], host)).toBe('not-listening');
    expect(refusalByHead('HEAD', 502, [], host)).toBe('not-listening');
  });

  test('asks for the body of a small JSON error', () => {
    const head = ['Content-Type', 'application/json; charset=utf-8', 'Content-Length', '100'];
    for (const status of [400, 401, 404])
      expect(refusalByHead('GET', status, head, host)).toBe('read-body');
  });

  test('leaves open what a HEAD’s answer would have said', () => {
    const head = ['Content-Type', 'application/json'];
    for (const status of [400, 401, 404]) {
      expect(refusalByHead('HEAD', status, head, host)).toBe('unclear');
      const long = (bytes: string) => [...head, 'Content-Length', bytes];
      expect(refusalByHead('HEAD', status, long('100'), host)).toBe('unclear');
      expect(refusalByHead('HEAD', status, long('100000'), host)).toBeUndefined();
    }
    expect(refusalByHead('GET', 404, head, host)).toBeUndefined();
  });
});

describe('refusalByBody', () => {
  test.each([
    [401, { code: 'UNAUTHORIZED', message: 'unauthorized: authentication failed: x' }, 'token'],
    [400, { message: 'bad request: no IP address found. Is the Sandbox started?' }, 'stopped'],
    [400, { message: 'bad request: failed to get runner info: 404' }, 'archived'],
    [404, { message: 'sandbox container not found' }, 'gone'],
    [401, { message: 'unauthorized: authentication failed' }, undefined],
    [400, { message: 'name is required' }, undefined],
    [404, { message: 42 }, undefined],
    [404, null, undefined],
  ])('%i %j is %s', (status, body, refusal) => {
    expect(refusalByBody(status, JSON.stringify(body))).toBe(refusal);
  });

  test('takes broken JSON for the app’s own', () => {
    expect(refusalByBody(400, '{"message"')).toBeUndefined();
  });
});
