import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { duration, errorPage } from '../../../src/replies/errorPage.ts';
import { type ErrorCode, ProxyError } from '../../../src/replies/errors.ts';
import { explanations } from '../../../src/replies/explanations.ts';
import { type Brand, createLook } from '../../../src/replies/look.ts';
import { page } from '../../../src/replies/page.ts';
import { waitingPage } from '../../../src/replies/waitingPage.ts';
import { nestingProblem, tagsOf, textOf } from '../../support/pages/html.ts';

const codes = Object.keys(explanations) as ErrorCode[];
const asked = {
  method: 'GET',
  sandbox: { id: 'abc', port: 8080 },
  visitor: { host: '8080-abc.proxy.test:3002' },
};
const write = (error: ProxyError, brand: Brand = {}, requestId = 'r1', more = asked) =>
  page(createLook(brand), errorPage(error, more), requestId);

describe('the page of an error', () => {
  test.each(codes)('%s is a whole document that says what happened and what to do', (code) => {
    const error = new ProxyError(code, { retryAfter: 7 });
    const html = write(error);
    expect(nestingProblem(html)).toBeUndefined();
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    const tags = tagsOf(html);
    for (const one of ['h1', 'main', 'footer']) {
      expect(tags.filter((tag) => tag === one)).toHaveLength(1);
    }
    const text = textOf(html);
    expect(text).toContain('What you can do');
    expect(text).toContain('Try again in 7 seconds.');
    expect(text).toContain(`${error.status} ${code} · Request r1`);
    // How a host is written is told in braces; all others are gaps that nobody filled.
    expect(html.replace('{port}-{sandboxId}.{domain}', '')).not.toMatch(
      /\{\w+\}|undefined|<script|style=|\son\w+=/,
    );
  });

  test('offers another try where that makes sense, and not for a form', () => {
    const again = 'href=""';
    const error = new ProxyError('DAYTONA_UNAVAILABLE');
    expect(write(error)).toContain(again);
    expect(write(error, {}, 'r1', { ...asked, method: 'POST' })).not.toContain(again);
    expect(write(new ProxyError('SHARE_FORBIDS'))).not.toContain(again);
  });

  test('tells no time that is over before it is read', () => {
    const saying = (retryAfter: number) =>
      textOf(write(new ProxyError('DAYTONA_UNAVAILABLE', { retryAfter })));
    expect(saying(5)).not.toContain('Try again in');
    expect(saying(6)).toContain('Try again in 6 seconds.');
  });

  test('names the ports that answer by the form of the address that was asked for', () => {
    const error = new ProxyError('PORT_NOT_LISTENING', { ports: [3000, 4096] });
    expect(write(error)).toContain('<a href="//3000-abc.proxy.test:3002/">Port 3000</a>');
    const idFirst = { ...asked, visitor: { host: 'abc-8080.proxy.test' } };
    expect(write(error, {}, 'r1', idFirst)).toContain('<a href="//abc-4096.proxy.test/">');
    expect(write(new ProxyError('PORT_NOT_LISTENING'))).not.toContain('<ul>');
  });
});

test.each([
  [0, 'a moment'],
  [1, '1 second'],
  [59.5, '60 seconds'],
  [100, '2 minutes'],
  [3_600, '60 minutes'],
])('%d s are said as %s', (seconds, words) => expect(duration(seconds)).toBe(words));

describe('whatever strangers write', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(
        fc.constantFrom('<', '>', '"', "'", '&', '</title>', '</style>', '<script>', '-->', 'a'),
      )
      .map((parts) => parts.join('')),
  );

  test('is text, and never a tag or an attribute', () => {
    const plain = tagsOf(
      write(new ProxyError('SANDBOX_NOT_RUNNING', { state: 'x' }), { name: 'x' }, 'x'),
    );
    fc.assert(
      fc.property(nasty, nasty, nasty, (state, name, requestId) => {
        const html = write(new ProxyError('SANDBOX_NOT_RUNNING', { state }), { name }, requestId);
        expect(tagsOf(html)).toEqual(plain);
        expect(nestingProblem(html)).toBeUndefined();
        for (const given of [state, name, requestId]) expect(textOf(html)).toContain(given);
      }),
    );
  });

  test('nor on the page of a sandbox that starts', () => {
    const of = (state: string) =>
      page(createLook(), waitingPage(new ProxyError('SANDBOX_STARTING', { state })), 'r1');
    const plain = tagsOf(of('x'));
    fc.assert(fc.property(nasty, (state) => expect(tagsOf(of(state))).toEqual(plain)));
  });

  test('nor in the words of an error about what was sent', () => {
    fc.assert(
      fc.property(nasty, (detail) => {
        const error = new ProxyError('SHARE_INVALID', { detail });
        expect(textOf(write(error))).toContain(error.message);
        expect(nestingProblem(write(error))).toBeUndefined();
      }),
    );
  });
});

test('a brand is its logo and its name; a logo alone has a word for who cannot see it', () => {
  const both = write(new ProxyError('NOT_FOUND'), { name: 'A & B', logoUrl: 'https://a.test/l"' });
  expect(both).toContain(
    '<img src="https://a.test/l&#34;" alt="" referrerpolicy="no-referrer"><span>A &#38; B</span>',
  );
  expect(both).toContain('<title>There is nothing here – A &#38; B</title>');
  expect(write(new ProxyError('NOT_FOUND'), { logoUrl: 'https://a.test/l' })).toContain(
    'alt="Logo"',
  );
  expect(write(new ProxyError('NOT_FOUND'))).not.toContain('<header>');
});
