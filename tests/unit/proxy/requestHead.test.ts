import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Exchange } from '../../../src/exchange.ts';
import { isLoop, requestHead } from '../../../src/proxy/requestHead.ts';
import { beginTrace } from '../../../src/telemetry/trace.ts';

const token = 'secret-token';
const exchange = new Exchange(
  'request-1',
  { method: 'GET', url: '/' },
  {
    address: '203.0.113.9',
    network: '203.0.113.9',
    fronted: false,
    proto: 'https',
    host: '3000-abc.example.com',
  },
);
exchange.sandbox = { id: 'abc', port: 3000 };
exchange.upstream = {
  target: {
    origin: 'http://3000-abc.edge.test:4000',
    protocol: 'http:',
    host: '3000-abc.edge.test:4000',
    hostname: '3000-abc.edge.test',
    port: '4000',
  },
  sandboxId: 'abc',
  pathPrefix: '',
  headers: ['x-daytona-preview-token', token],
  again: () => Promise.reject(new Error('nobody refuses here')),
};
exchange.trace = beginTrace(exchange.requestId);
const build = (...rawHeaders: string[]) => requestHead(rawHeaders, exchange, 'local');
const valuesOf = (head: string[], name: string) =>
  head.filter((_value, i) => i % 2 === 1 && head[i - 1]?.toLowerCase() === name);

describe('requestHead', () => {
  test('keeps the order, the spelling and the duplicates of the visitor’s own fields', () => {
    const own = ['X-B', '1', 'Accept', 'a', 'X-b', '2', 'Cookie', 'a=b; c="d"'];
    expect(build(...own).slice(2, 10)).toEqual(own);
  });

  test('sets Host to the preview host', () => {
    expect(valuesOf(build('Host', '3000-abc.example.com'), 'host')).toEqual([
      '3000-abc.edge.test:4000',
    ]);
  });

  test('drops hop-by-hop fields and those that Connection names', () => {
    const head = build(
      'Connection',
      'close, X-Private',
      'X-Private',
      'x',
      'TE',
      'trailers',
      'A',
      'b',
    );
    expect(valuesOf(head, 'connection')).toEqual([]);
    expect(valuesOf(head, 'x-private')).toEqual([]);
    expect(valuesOf(head, 'te')).toEqual(['trailers']);
    expect(valuesOf(head, 'a')).toEqual(['b']);
  });

  test('sends our token even where Connection names it', () => {
    const head = build('Connection', 'x-daytona-preview-token');
    expect(valuesOf(head, 'x-daytona-preview-token')).toEqual([token]);
  });

  test.each([
    'X-Daytona-Preview-Token',
    'x_daytona_preview_token',
    'X-Daytona_Authorization',
    'X-Forwarded-Anything',
    'x_forwarded_for',
    'Forwarded',
    'X-Real-IP',
    'X-Request-Id',
  ])('takes no %s from a visitor', (name) => {
    expect(build(name, 'forged')).not.toContain('forged');
  });

  test('says who the visitor is', () => {
    const head = build();
    expect(valuesOf(head, 'x-forwarded-for')).toEqual(['203.0.113.9']);
    expect(valuesOf(head, 'x-forwarded-proto')).toEqual(['https']);
    expect(valuesOf(head, 'x-forwarded-host')).toEqual(['3000-abc.example.com']);
    expect(valuesOf(head, 'x-request-id')).toEqual(['request-1']);
  });

  test('says once which trace it is, and not what a visitor put beside it', () => {
    const [parent] = valuesOf(build(), 'traceparent');
    expect(parent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
    for (const name of ['traceparent', 'TraceParent']) {
      const head = build(name, 'forged', 'tracestate', 'forged=1', 'A', 'b');
      expect(valuesOf(head, 'traceparent')).toEqual([parent]);
      expect(valuesOf(head, 'tracestate')).toEqual([]);
    }
  });

  test('lengthens Via and knows itself in it', () => {
    const [via] = valuesOf(build('Via', '1.1 front'), 'via');
    expect(via).toBe('1.1 front, 1.1 daytona-proxy');
    expect(isLoop(via)).toBe(true);
    expect(isLoop('1.1 front')).toBe(false);
    expect(isLoop(undefined)).toBe(false);
  });

  test('sends the token exactly once, whatever a visitor sends', () => {
    const name = fc.constantFrom(
      'Connection',
      'X-Daytona-Preview-Token',
      'x_daytona-preview_token',
      'A',
    );
    const value = fc.constantFrom('x-daytona-preview-token', 'close', 'forged', '');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (fields) => {
        const head = build(...fields.flat());
        expect(valuesOf(head, 'x-daytona-preview-token')).toEqual([token]);
        expect(head.length % 2).toBe(0);
      }),
    );
  });
});
