import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Trail } from '../../../src/exchange.ts';
import type { LocationContext } from '../../../src/proxy/location.ts';
import { fieldsOnTrail, nextOnTrail } from '../../../src/proxy/redirects.ts';

const prefix = '/sandboxes/abc/toolbox/proxy/3000';
const host = '3000-abc.example.com';
const context: LocationContext = {
  target: {
    origin: 'http://runner.test:3003',
    protocol: 'http:',
    host: 'runner.test:3003',
    hostname: 'runner.test',
    port: '3003',
  },
  port: 3000,
  host,
  proto: 'https',
  pathPrefix: prefix,
  mount: '',
};
const begun = (method = 'GET', target = '/a/b?c', limit = 10): Trail => {
  return { limit, asked: [`${method} ${target}`], method, target, withBody: true };
};
const next = (location: string, trail = begun(), status = 302, where = context) =>
  nextOnTrail(trail, { status, location }, where, true);
const targetOf = (location: string, where = context) => {
  const found = next(location, begun(), 302, where);
  return found === 'circle' ? found : found?.target;
};

describe('where it leads', () => {
  test.each([
    ['/x', '/x'],
    ['x', '/a/x'],
    ['../x?y#z', '/x?y'],
    ['?d', '/a/b?d'],
    ['/x#y', '/x'],
    [`${prefix}/x`, '/x'],
    [`http://runner.test:3003${prefix}/x`, '/x'],
    ['http://localhost:3000/x', '/x'],
    ['//127.0.0.1:3000/x', '/x'],
    [`https://${host}/x`, '/x'],
    [`https://${host}:443//evil.example/x`, '//evil.example/x'],
  ])('%s is followed to %s', (location, target) => {
    expect(targetOf(location)).toBe(target);
  });

  test.each([
    'https://evil.example/x',
    '//evil.example/x',
    '/\\evil.example/x',
    '\\\\evil.example/x',
    'http://localhost:3001/x',
    `http://${host}/x`,
    `https://user@${host}/x`,
    `https://${host}:8443/x`,
    'https://4096-abc.example.com/x',
    'mailto:a@b.test',
    'http://',
  ])('%s is the visitor’s', (location) => {
    expect(targetOf(location)).toBeUndefined();
  });

  test('below a mount it stays below it', () => {
    const where = { ...context, pathPrefix: '/sandboxes/abc/toolbox', mount: '/toolbox/abc' };
    expect(targetOf('/sandboxes/abc/toolbox/files', where)).toBe('/files');
    expect(targetOf('x', where)).toBe('/a/x');
    expect(targetOf('../../../other/x', where)).toBeUndefined();
  });

  test('whatever a sandbox writes, it is a path on the visitor’s own host', () => {
    const part = fc.constantFrom(
      '/',
      '//',
      '\\',
      '..',
      '?',
      '#',
      ':',
      '@',
      'http:',
      'https:',
      host,
    );
    const other = fc.constantFrom(
      'evil.example',
      'localhost:3000',
      'runner.test:3003',
      prefix,
      '\t',
    );
    const text = fc.oneof(part, other, fc.string({ maxLength: 4 }));
    const locations = fc.array(text, { maxLength: 8 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(locations, (location) => {
        const target = targetOf(location);
        if (target === undefined || target === 'circle') return;
        expect(target).toMatch(/^\/[\x21-\x22\x24-\x7e]*$/);
        expect(new URL(`https://${host}${target}`).host).toBe(host);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what is asked for there', () => {
  test.each([
    ['GET', 301, 'GET', true],
    ['POST', 301, 'GET', false],
    ['POST', 302, 'GET', false],
    ['PUT', 302, 'PUT', true],
    ['HEAD', 302, 'HEAD', true],
    ['PUT', 303, 'GET', false],
    ['GET', 303, 'GET', false],
    ['HEAD', 303, 'HEAD', false],
    ['POST', 307, 'POST', true],
    ['DELETE', 308, 'DELETE', true],
  ])('%s after %i becomes %s, body %p', (before, status, method, withBody) => {
    expect(next('/x', begun(before), status)).toMatchObject({ method, withBody });
  });

  test.each([200, 201, 300, 304, 305, 306, 309])('%i is no redirect', (status) => {
    expect(next('/x', begun(), status)).toBeUndefined();
  });

  test('without its body a request is not sent again, and without a Location nothing is', () => {
    const answer = { status: 307, location: '/x' };
    expect(nextOnTrail(begun('POST'), answer, context, false)).toBeUndefined();
    expect(nextOnTrail(begun('POST'), { ...answer, status: 303 }, context, false)).toBeDefined();
    const nowhere = { status: 302, location: undefined };
    expect(nextOnTrail(begun(), nowhere, context, true)).toBeUndefined();
  });

  test('a body that was left behind does not come back', () => {
    const left = next('/x', begun('POST'), 303) as Trail;
    expect(nextOnTrail(left, { status: 307, location: '/y' }, context, false)).toMatchObject({
      method: 'GET',
      withBody: false,
    });
  });
});

describe('where it ends', () => {
  test('at what was asked for before, by the same method alone', () => {
    expect(next('/a/b?c')).toBe('circle');
    const posted = next('/a/b?c', begun('POST'));
    expect(posted).toMatchObject({ method: 'GET', target: '/a/b?c' });
    expect(next('/a/b?c', posted as Trail)).toBe('circle');
  });

  test('whatever a sandbox does, after as many redirects as the limit says', () => {
    const step = fc.record({
      status: fc.constantFrom(301, 302, 303, 307, 308),
      location: fc.string({ maxLength: 3, unit: 'grapheme-ascii' }),
    });
    const method = fc.constantFrom('GET', 'POST', 'HEAD', 'PUT');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        method,
        fc.array(step, { minLength: 12, maxLength: 12 }),
        (limit, asked, steps) => {
          let trail: Trail | 'circle' | undefined = begun(asked, '/start', limit);
          let followed = 0;
          for (const answer of steps) {
            trail = nextOnTrail(trail, answer, context, true);
            if (trail === undefined || trail === 'circle') break;
            followed += 1;
            expect(new Set(trail.asked).size).toBe(followed + 1);
          }
          expect(followed).toBeLessThanOrEqual(limit);
        },
      ),
    );
    let trail = begun('GET', '/start', 2);
    for (const location of ['/0', '/1']) trail = next(location, trail) as Trail;
    expect(next('/2', trail)).toBe('circle');
  });
});

test('no cookie goes on, and nothing about a body that was left behind', () => {
  const fields = ['Cookie', 'a=b', 'Content-Length', '3', 'content_type', 'x', 'Accept', '*/*'];
  const first = begun('POST');
  expect(fieldsOnTrail(fields, first)).toBe(fields);
  expect(fieldsOnTrail(fields, next('/x', first, 303) as Trail)).toEqual(['Accept', '*/*']);
  expect(fieldsOnTrail(fields, next('/x', first, 307) as Trail)).toEqual(fields.slice(2));
});
