import { describe, expect, test } from '@jest/globals';
import { announcedLength, framedFor } from '../../../src/proxy/framing.ts';

describe('announcedLength', () => {
  test.each([
    [['Content-Length', '12'], 12],
    [['A', 'b', 'CONTENT-LENGTH', '0'], 0],
    [['Transfer-Encoding', ' Chunked '], undefined],
    [['A', 'b'], undefined],
  ])('reads %j', (rawHeaders, length) => {
    expect(announcedLength(rawHeaders)).toBe(length);
  });

  test.each(['gzip, chunked', 'chunked, chunked', 'identity', ''])(
    'refuses the transfer coding "%s", which would be lost',
    (coding) => {
      expect(() => announcedLength(['Transfer-Encoding', coding])).toThrow();
    },
  );
});

test('framedFor leaves a length only where a status may have one', () => {
  const head = ['content-length', '3', 'A', 'b'];
  expect(framedFor(200, head)).toEqual(head);
  expect(framedFor(304, head)).toEqual(head);
  expect(framedFor(204, head)).toEqual(['A', 'b']);
  expect(framedFor(205, head)).toEqual(['Content-Length', '0', 'A', 'b']);
});
