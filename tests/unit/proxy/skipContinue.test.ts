import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { skipContinue } from '../../../src/proxy/skipContinue.ts';

const longest = 16_384;
const skip = (text: string) =>
  skipContinue(Buffer.from(text, 'latin1'), longest)?.toString('latin1');
const interim = fc.constantFrom(
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.0 100 X\r\nA: b\r\n\r\n',
  'HTTP/1.1 100\r\n\r\n',
);

test('leaves what follows any number of them, byte for byte', () => {
  const final = fc.constantFrom(
    'HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 103 Early\r\n',
    'nonsense',
    '',
  );
  fc.assert(
    fc.property(fc.array(interim, { minLength: 1, maxLength: 5 }), final, (many, rest) => {
      expect(skip(many.join('') + rest)).toBe(rest);
    }),
  );
});

test('waits for the end of one that is cut anywhere', () => {
  fc.assert(
    fc.property(interim, fc.nat(), (text, at) => {
      const cut = at % text.length;
      expect(skip(text.slice(0, cut))).toBeUndefined();
    }),
  );
});

test('never touches another answer, wherever that is cut', () => {
  const answer = 'HTTP/1.1 101 Switching\r\n\r\n';
  for (let cut = 12; cut <= answer.length; cut++)
    expect(skip(answer.slice(0, cut))).toBe(answer.slice(0, cut));
  for (const text of ['HTTP/1.1 200 OK', 'HTTP/2 100 X', 'HTTP/1.1 1000 X', 'x'.repeat(20)]) {
    expect(skip(text)).toBe(text);
  }
});

test('does not wait for ever', () => {
  const endless = `HTTP/1.1 100 Continue\r\nX: ${'a'.repeat(longest)}`;
  expect(skip(endless)).toBe(endless);
});
