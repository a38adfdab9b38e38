import { STATUS_CODES } from 'node:http';
import { expect } from '@jest/globals';
import type { Fate, Verdict, Whole } from '../corpus/answerCase.ts';
import { valuesOf, type WireAnswer } from './strictAnswer.ts';

/** Fields that this proxy writes itself; `Trailer` may stay, as it announces what may follow. */
const written =
  /^(?:connection|keep-alive|date|x-request-id|content-length|transfer-encoding|trailer):/i;
const requestId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * Expects of what a visitor got that it is what the verdict allows.
 *
 * @param answer undefined where the connection was closed before the head of an answer
 */
export function expectVerdict(
  verdict: Verdict,
  answer: WireAnswer | undefined,
  host: string,
  tookMs: number,
  withinMs: number,
): void {
  if (answer) expectInterim(answer);
  switch (verdict.kind) {
    case 'silent':
      expect(answer).toBeUndefined();
      break;
    case 'answer': {
      const fate = fateOf(answer);
      if (!verdict.may.includes(fate)) {
        throw new Error(`${fate}, not ${verdict.may.join(' or ')}: ${JSON.stringify(answer)}`);
      }
      if (fate === 'refused') expectRefusal(answer, tookMs, withinMs);
      else if (answer) expectAnswer(answer, verdict.answer, host);
      break;
    }
    case 'joined':
      expect(answer).toMatchObject({ status: 101, reason: 'Switching Protocols' });
      expect(answer?.body).toBe(verdict.bytes);
      expectFields(answer, [...verdict.fields, 'Upgrade: websocket'], host);
      expect(valuesOf(answer?.fields ?? [], 'connection')).toEqual(['Upgrade']);
      expect(valuesOf(answer?.fields ?? [], 'content-length')).toEqual([]);
      break;
  }
}

function fateOf(answer: WireAnswer | undefined): Fate {
  if (!answer?.complete) return 'cut';
  return valuesOf(answer.fields, 'x-proxy-error').length > 0 ? 'refused' : 'whole';
}

/** A complete 502 of ours, in time, with nothing of the sandbox's. */
function expectRefusal(answer: WireAnswer | undefined, tookMs: number, withinMs: number): void {
  expect(answer).toMatchObject({ status: 502, reason: 'Bad Gateway', complete: true });
  const { fields = [], body = '' } = answer ?? {};
  const [code = '', ...more] = valuesOf(fields, 'x-proxy-error');
  expect(code).toMatch(/^UPSTREAM_(?:INVALID|UNREACHABLE)$/);
  expect(more).toEqual([]);
  expect(valuesOf(fields, 'cache-control')).toEqual(['no-store']);
  const { error } = JSON.parse(body);
  expect(error.code).toBe(code);
  expect([error.requestId]).toEqual(valuesOf(fields, 'x-request-id'));
  expect(`${fields.join('\n')}\n${body}`).not.toMatch(/evil/i);
  expect(tookMs).toBeLessThan(withinMs);
}

/** A cut answer is one that a client recognizes as incomplete, and a prefix of what it may have. */
function expectAnswer(answer: WireAnswer, whole: Whole, host: string): void {
  const { status, reason, body, trailers, complete } = answer;
  expect([status, reason]).toEqual([whole.status, STATUS_CODES[whole.status] ?? 'unknown']);
  expectFields(answer, whole.fields, host);
  expect(complete ? body : whole.body.slice(0, body.length)).toBe(complete ? whole.body : body);
  expect(trailers).toEqual(complete ? whole.trailers : []);
}

/** The sandbox's fields are these and no others; where none is named, framing is ours. */
function expectFields(
  answer: WireAnswer | undefined,
  expected: readonly string[],
  host: string,
): void {
  const { fields = [] } = answer ?? {};
  const framed = expected.some((line) => line.startsWith('Content-Length:'));
  const theirs = fields.filter(
    (line) => !written.test(line) || (framed && /^content-length:/i.test(line)),
  );
  expect(theirs).toEqual(expected.map((line) => fill(line, host)));
  expect(valuesOf(fields, 'x-request-id')).toEqual([expect.stringMatching(requestId)]);
  for (const value of valuesOf(fields, 'keep-alive')) expect(value).toBe('timeout=75');
  for (const value of valuesOf(fields, 'connection')) {
    expect(value).toMatch(/^(?:keep-alive|close|Upgrade)$/);
  }
}

/** Interim answers are hints, with nothing in them but links. */
function expectInterim({ interim }: WireAnswer): void {
  for (const { status, reason, fields } of interim) {
    expect([status, reason]).toEqual([103, 'Early Hints']);
    expect(fields.filter((line) => !/^(?:link|x-request-id):/i.test(line))).toEqual([]);
  }
}

/** Puts in the visitor's Host and the sandbox's port. */
export function fill(text: string, host: string): string {
  return text.replaceAll('{host}', host).replaceAll('{port}', host.split('-', 1)[0] ?? '');
}
