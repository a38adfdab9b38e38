import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { beginTrace, traceIn } from '../../../src/telemetry/trace.ts';

const traceOf = (headers: Record<string, string>, id: string) => traceIn(headers) ?? beginTrace(id);

const requestId = '0b5f7b5c-6a1e-4a53-9f0e-3d6c1a2b4c5d';
const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const valid = /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

test('hands a valid trace on as it came, with its state', () => {
  const trace = traceOf({ traceparent: given, tracestate: 'a=1,b=2' }, requestId);
  expect(trace).toEqual({
    id: '4bf92f3577b34da6a3ce929d0e0e4736',
    parent: given,
    state: 'a=1,b=2',
  });
});

test('hands on what a later version says behind the four parts', () => {
  const later = `cc${given.slice(2)}-what-there-may-be`;
  expect(traceOf({ traceparent: later }, requestId).parent).toBe(later);
});

test.each([
  ['a version that is none', `ff${given.slice(2)}`],
  ['a trace of zeros', given.replace(/-\w{32}-/, `-${'0'.repeat(32)}-`)],
  ['a parent of zeros', given.replace(/-\w{16}-/, `-${'0'.repeat(16)}-`)],
  ['capitals', given.toUpperCase()],
  ['more than version 00 has', `${given}-more`],
  ['two of them', `${given}, ${given}`],
])('begins a trace in the place of one with %s, and drops its state', (_what, traceparent) => {
  const trace = traceOf({ traceparent, tracestate: 'a=1' }, requestId);
  expect(trace.id).toBeUndefined();
  expect(trace.parent).toMatch(valid);
  expect(trace.parent).toContain(requestId.replaceAll('-', ''));
  expect(trace.state).toBeUndefined();
});

test('takes the request id that Nginx gave for the trace’s', () => {
  expect(beginTrace('ab'.repeat(16)).parent).toContain('ab'.repeat(16));
});

test.each([['0'.repeat(32)], ['00000000-0000-0000-0000-000000000000']])(
  'takes no request id of zeros: %s',
  (zeros) => {
    const { id, parent } = beginTrace(zeros);
    expect(id).toMatch(/[1-9a-f]/);
    expect(parent).toMatch(valid);
  },
);

test('begins one of its own for a request id that is no UUID, another each time', () => {
  const ids = [1, 2, 3].map(() => traceOf({}, 'edge:1').id);
  expect(new Set(ids).size).toBe(3);
});

test('never sends on what is not valid', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string().map((end) => given.slice(0, 50) + end),
  );
  fc.assert(
    fc.property(text, (traceparent) => {
      const { parent = '' } = traceOf({ traceparent }, requestId);
      expect(parent === traceparent || valid.test(parent)).toBe(true);
      expect(parent).toMatch(/^[\x21-\x7e]+$/);
    }),
  );
});

test.each([
  ['a line break', 'a=1\r\nb: c'],
  ['more than 512 characters', `a=${'1'.repeat(511)}`],
])('drops a state with %s and keeps the trace', (_what, tracestate) => {
  const trace = traceOf({ traceparent: given, tracestate }, requestId);
  expect([trace.parent, trace.state]).toEqual([given, undefined]);
});
