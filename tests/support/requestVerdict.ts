import { expect } from '@jest/globals';
import type { Sandbox } from '../../src/demo/sandboxes.ts';
import type { Carried } from '../corpus/requestCase.ts';
import { valuesOf, type WireAnswer } from './strictAnswer.ts';
import type { WireRequest } from './strictRequest.ts';

/** Who asks, and through which door. */
export interface Door {
  /** The visitor's Host. */
  readonly host: string;
  /** The Host of another sandbox. */
  readonly other: string;
  readonly proto: 'http' | 'https';
}

/** Puts in the hosts. */
export function fill(text: string, { host, other }: Door): string {
  return text.replaceAll('$H', host).replaceAll('$O', other);
}

/** What we say ourselves on every request. */
const ours = [
  'host',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-request-id',
  'traceparent',
  'via',
  'x-daytona-skip-preview-warning',
  'x-daytona-disable-cors',
  'x-daytona-trust-forwarded-host',
  'x-daytona-skip-last-activity-update',
  'x-daytona-preview-token',
];

/** Ours, and what frames the message on the way to the sandbox, which the strict reader judges. */
const notTheirs = new Set([
  ...ours,
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
]);

/**
 * Expects that the sandbox got what the visitor sent, and nothing else. Those of one connection
 * come in any order, because each may take another connection to the sandbox.
 */
export function expectAllCarried(
  requests: readonly WireRequest[],
  expected: readonly Carried[],
  door: Door,
  sandbox: Sandbox,
): void {
  const sorted = requests.toSorted((a, b) => a.target.localeCompare(b.target));
  const wanted = expected.toSorted((a, b) => a.target.localeCompare(b.target));
  expect(sorted.map(({ target }) => target)).toEqual(wanted.map((one) => fill(one.target, door)));
  for (const [i, one] of wanted.entries()) expectCarried(sorted[i], one, door, sandbox);
}

/** Expects what the visitor sent, byte for byte. */
function expectCarried(
  request: WireRequest | undefined,
  expected: Carried,
  door: Door,
  sandbox: Sandbox,
): void {
  expect(request).toMatchObject({ method: expected.method, body: expected.body, complete: true });
  const { fields = [] } = request ?? {};
  expectOwnFields(fields, fill(expected.host ?? '$H', door), door.proto, sandbox);
  expect(valuesOf(fields, 'upgrade')).toEqual(expected.handshake ? ['websocket'] : []);
  const nameOf = (line: string) => line.slice(0, line.indexOf(':')).toLowerCase();
  const theirs = fields.filter((line) => !notTheirs.has(nameOf(line)));
  expect(theirs).toEqual(expected.fields.map((line) => fill(line, door)));
}

/** Expects once all that we say ourselves, for this sandbox and no other. */
export function expectOwnFields(
  fields: readonly string[],
  host: unknown,
  proto: Door['proto'],
  { id, token }: Sandbox,
): void {
  const values = [
    expect.stringMatching(new RegExp(`^\\d+-${id}\\.preview\\.localhost:\\d+$`)),
    '127.0.0.1',
    proto,
    host,
    expect.stringMatching(/^[0-9a-f-]{32,36}$/),
    expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
    '1.1 daytona-proxy',
    ...['true', 'true', 'true', 'true'],
    token,
  ];
  const got = ours.map((name) => [name, ...valuesOf(fields, name)]);
  expect(got).toEqual(ours.map((name, i) => [name, values[i]]));
}

/** Expects a complete error of ours that ends the connection. */
export function expectRefusal(answer: WireAnswer | undefined, status: number): void {
  expect(answer).toMatchObject({ status, complete: true });
  const { fields = [], body = '' } = answer ?? {};
  expect(valuesOf(fields, 'connection')).toEqual(['close']);
  expect(valuesOf(fields, 'x-proxy-error')).toEqual(['INVALID_REQUEST']);
  expect(valuesOf(fields, 'cache-control')).toEqual(['no-store']);
  if (body === '') return; // To a HEAD.
  const { error } = JSON.parse(body);
  expect(error.code).toBe('INVALID_REQUEST');
  expect([error.requestId]).toEqual(valuesOf(fields, 'x-request-id'));
}
