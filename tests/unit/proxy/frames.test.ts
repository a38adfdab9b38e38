import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { closeFrame } from '../../../src/proxy/closeFrame.ts';
import { FrameReader } from '../../../src/proxy/frames.ts';

interface Frame {
  readonly opcode: number;
  readonly bytes: Buffer;
}

const lengths = fc.oneof(fc.nat(130), fc.integer({ min: 65_530, max: 65_540 }), fc.nat(70_000));
const keys = fc.option(fc.uint8Array({ minLength: 4, maxLength: 4 }));
const messages = fc
  .tuple(fc.nat(7), fc.boolean(), fc.nat(7), lengths, keys)
  .map(([opcode, final, reserved, length, key]) => frame(opcode, final, reserved, length, key));
const controls = fc
  .tuple(fc.integer({ min: 8, max: 15 }), fc.nat(7), fc.nat(125), keys)
  .map(([opcode, reserved, length, key]) => frame(opcode, true, reserved, length, key));
const frames = fc.array(fc.oneof(messages, controls), { maxLength: 8 });
/** Where a stream is cut, as parts of its length; several at its begin, where the heads are. */
const cuts = fc.array(fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constant(0.0001)));

function frame(
  opcode: number,
  final: boolean,
  reserved: number,
  length: number,
  key: Uint8Array | null,
): Frame {
  const long = length > 65_535 ? 8 : length > 125 ? 2 : 0;
  const head = Buffer.alloc(2 + long);
  head[0] = (final ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] = (key ? 0x80 : 0) | (long === 8 ? 127 : long === 2 ? 126 : length);
  if (long === 2) head.writeUInt16BE(length, 2);
  if (long === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return { opcode, bytes: Buffer.concat([head, key ?? Buffer.alloc(0), Buffer.alloc(length, 1)]) };
}

/** Where in the stream each frame ends. */
function endsOf(sent: readonly Frame[]): number[] {
  let end = 0;
  return sent.map(({ bytes }) => {
    end += bytes.length;
    return end;
  });
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const edges = [...at.map((part) => Math.round(part * bytes.length)), bytes.length];
  const pieces: Buffer[] = [];
  let from = 0;
  for (const to of edges.sort((a, b) => a - b)) {
    pieces.push(bytes.subarray(from, to));
    from = to;
  }
  return pieces;
}

describe('a frame reader', () => {
  test('finds the same ends of frames however the stream is cut', () => {
    fc.assert(
      fc.property(frames, cuts, (sent, at) => {
        const reader = new FrameReader();
        const ends: number[] = [];
        let passed = 0;
        for (const piece of cut(Buffer.concat(sent.map(({ bytes }) => bytes)), at)) {
          for (let from = 0; from >= 0 && from < piece.length; ) {
            from = reader.advance(piece, from);
            if (from >= 0) ends.push(passed + from);
          }
          passed += piece.length;
        }
        expect(ends).toEqual(endsOf(sent));
        expect(reader.atBoundary).toBe(true);
        expect(reader.closed).toBe(sent.some(({ opcode }) => opcode === 8));
      }),
    );
  });

  test('tells of each chunk whether data is in it, and whether a frame ends with it', () => {
    fc.assert(
      fc.property(frames, cuts, (sent, at) => {
        const reader = new FrameReader();
        const kinds = sent.flatMap(({ opcode, bytes }) => Array(bytes.length).fill(opcode <= 2));
        const ends = new Set([0, ...endsOf(sent)]);
        let passed = 0;
        for (const piece of cut(Buffer.concat(sent.map(({ bytes }) => bytes)), at)) {
          const data = kinds.slice(passed, passed + piece.length).includes(true);
          expect(reader.read(piece)).toBe(data);
          passed += piece.length;
          expect(reader.atBoundary).toBe(ends.has(passed));
        }
      }),
    );
  });

  test('never throws, and trusts nothing behind what cannot be a frame', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (pieces) => {
        const reader = new FrameReader();
        let readable = true;
        for (const piece of pieces) {
          reader.read(piece);
          if (!readable) expect([reader.readable, reader.atBoundary]).toEqual([false, false]);
          readable = reader.readable;
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['a ping in fragments', [0x09, 0x00]],
    ['a ping of 126 bytes', [0x89, 126, 0, 126]],
    ['a length with its highest bit set', [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]],
    ['a length that no number of ours can hold', [0x82, 127, 0, 0x20, 0, 0, 0, 0, 0, 0]],
  ])('cannot read %s, and counts what comes then as data', (_what, bytes) => {
    const reader = new FrameReader();
    expect(reader.read(Buffer.from(bytes))).toBe(true);
    expect([reader.readable, reader.atBoundary]).toEqual([false, false]);
    expect(reader.read(closeFrame(1000))).toBe(true);
    expect([reader.closed, reader.advance(closeFrame(1000), 0)]).toEqual([false, -1]);
  });

  test('reads the largest length that a number holds', () => {
    const reader = new FrameReader();
    reader.read(Buffer.from([0x82, 127, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]));
    expect([reader.readable, reader.atBoundary]).toEqual([true, false]);
  });
});

test('a close frame has its code and reason, under its mask where there is one', () => {
  expect(closeFrame(1012, 'so')).toEqual(Buffer.from([0x88, 4, 0x03, 0xf4, 0x73, 0x6f]));
  expect(closeFrame(1001, '', Buffer.from([1, 2, 3, 4]))).toEqual(
    Buffer.from([0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe9 ^ 2]),
  );
});
