import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EventStream, isEventStream } from '../../../src/proxy/eventStream.ts';

const head = ['Content-Type', 'text/event-stream'];

/** Takes pieces and ends behind some of them; gives what went out and whether that was all. */
function carry(pieces: readonly string[], endBehind: number): { out: string; finished: boolean } {
  let finished = false;
  const stream = new EventStream(head, () => {
    finished = true;
  });
  let out = '';
  for (const [i, piece] of pieces.entries()) {
    if (i === endBehind) stream.end(60_000);
    if (finished || stream.over) break;
    out += stream.take(Buffer.from(piece)).toString();
  }
  finished ||= stream.over;
  stream.stop();
  return { out, finished };
}

test.each([
  [['Content-Type', 'text/event-stream; charset=utf-8'], true],
  [['content-type', 'TEXT/EVENT-STREAM', 'A', 'b'], true],
  [['Content-Type', 'text/event-stream', 'Content-Length', '12'], false],
  [['Content-Type', 'text/event-streams'], false],
  [['X-Content-Type', 'text/event-stream'], false],
])('isEventStream says of %j: %s', (rawHeaders, expected) => {
  expect(isEventStream(rawHeaders)).toBe(expected);
});

describe('an event stream that is to end', () => {
  test.each([
    ['at once where nothing has come', ['data: 1\n\n'], 0, ''],
    ['at once between two events', ['data: 1\n\n', 'data: 2\n\n'], 1, 'data: 1\n\n'],
    ['behind an event that is under way', ['da', 'ta: 1\n\nda', 'ta: 2'], 1, 'data: 1\n\n'],
    ['behind an empty line over two pieces', ['data: 1\n', '\ndata: 2'], 1, 'data: 1\n\n'],
    ['behind an empty line of CRLF', ['data: 1\r', '\n\r', '\nid: 2'], 1, 'data: 1\r\n\r\n'],
    ['behind an empty line of CR', ['data: 1\r', '\rid: 2'], 1, 'data: 1\r\r'],
    ['not behind a line', ['data: 1\r', '\ndata: 2\n'], 1, undefined],
  ])('does so %s', (_when, pieces, endBehind, expected) => {
    const { out, finished } = carry(pieces, endBehind);
    expect(finished ? out : undefined).toBe(expected);
  });

  test('does so behind the same event however it is cut', () => {
    const text = fc.array(fc.constantFrom('a', ': b', '\n', '\r\n', '\r'), { minLength: 1 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(30)), (parts, at) => {
        const whole = `x${parts.join('')}`;
        const pieces: string[] = [];
        let from = 1;
        for (const to of [...at.filter((edge) => edge > 1), whole.length].sort((a, b) => a - b)) {
          pieces.push(whole.slice(from, to));
          from = Math.max(from, to);
        }
        expect(carry(['x', ...pieces], 1)).toEqual(carry(['x', whole.slice(1)], 1));
      }),
    );
  });

  test('does so without delay where its events are compressed', () => {
    let finished = false;
    const stream = new EventStream([...head, 'Content-Encoding', 'gzip'], () => {
      finished = true;
    });
    stream.take(Buffer.from([1, 2, 3]));
    stream.end(60_000);
    expect(finished).toBe(true);
  });

  test('does so anyway after its time', async () => {
    await new Promise<void>((resolve) => {
      const stream = new EventStream(head, resolve);
      stream.take(Buffer.from('half an ev'));
      stream.end(5);
    });
  });
});
