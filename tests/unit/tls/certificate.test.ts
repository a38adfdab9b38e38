import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../../src/config/config.ts';
import { certificateWarnings, checkCertificate } from '../../../src/tls/certificate.ts';
import { type Certificate, makeCertificate } from '../../support/certificate.ts';

const dayMs = 86_400_000;
const files = { certFile: '/tls/fullchain.pem', keyFile: '/tls/privkey.pem' };
let ours: Certificate;
let other: Certificate;
let cert: string;
let key: string;

beforeAll(() => {
  ours = makeCertificate(['proxy.test'], 30);
  other = makeCertificate(['other.test']);
  cert = ours.pem;
  key = readFileSync(ours.keyPath, 'utf8');
});
afterAll(() => {
  ours.remove();
  other.remove();
});

describe('checkCertificate', () => {
  const problemOf = (texts: { cert: string; key: string }, now = Date.now()) => {
    try {
      checkCertificate(files, texts, now);
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    }
    return undefined;
  };

  test('takes a certificate with its key, and a chain behind it', () => {
    expect(problemOf({ cert, key })).toBeUndefined();
    expect(problemOf({ cert: cert + other.pem, key })).toBeUndefined();
  });

  test.each([
    ['nothing', () => ({ cert: '', key }), /^TLS_CERT_FILE=\/tls\/fullchain\.pem holds no cert/],
    ['the key twice', () => ({ cert: key, key }), /^TLS_CERT_FILE=.* holds no certificate/],
    ['half of one', () => ({ cert: cert.slice(0, 300), key }), /^TLS_CERT_FILE=.* holds no cert/],
    [
      'the certificate twice',
      () => ({ cert, key: cert }),
      /^TLS_KEY_FILE=\/tls\/privkey\.pem holds/,
    ],
    [
      'half a key',
      () => ({ cert, key: key.slice(0, 100) }),
      /^TLS_KEY_FILE=.* holds no private key/,
    ],
    [
      'another’s key',
      () => ({ cert: other.pem, key }),
      /^TLS_KEY_FILE=.* is not the key of .*TLS_CERT/,
    ],
    ['its chain first', () => ({ cert: other.pem + cert, key }), /own certificate first/],
    [
      'half a chain',
      () => ({ cert: cert + other.pem.slice(0, 300), key }),
      /^TLS_CERT_FILE=.* cannot be served/,
    ],
  ])('refuses %s, and says which file and what to do', (_what, texts, sentence) => {
    expect(problemOf(texts())).toMatch(sentence);
  });

  test('refuses one that has expired', () => {
    expect(problemOf({ cert, key }, Date.now() + 29 * dayMs)).toBeUndefined();
    expect(problemOf({ cert, key }, Date.now() + 31 * dayMs)).toMatch(
      /^TLS_CERT_FILE=.* expired on \d{4}-\d\d-\d\d\. Renew it/,
    );
  });

  test('never says what is in the key', () => {
    const broken = key.replace('BEGIN', 'BEGUN');
    expect(problemOf({ cert, key: broken })).not.toContain(key.split('\n')[1]);
  });
});

describe('certificateWarnings', () => {
  const warnings = (domains: string[], days = 0) =>
    certificateWarnings(
      checkCertificate(files, { cert, key }, Date.now()),
      domains,
      Date.now() + days * dayMs,
    );

  test('has nothing to say of one that names the hosts and lasts', () => {
    expect(warnings(['proxy.test'])).toEqual([]);
    expect(warnings([])).toEqual([]);
  });

  test('names each domain whose hosts it does not name', () => {
    expect(warnings(['proxy.test', 'other.test', 'deeper.proxy.test'])).toEqual([
      expect.stringContaining('*.other.test'),
      expect.stringContaining('*.deeper.proxy.test'),
    ]);
  });

  test.each([
    [15, []],
    [17, [expect.stringContaining('in less than 13 days')]],
    [29.9, [expect.stringContaining('in less than 1 day:')]],
    [31, [expect.stringContaining('expired on')]],
    [-1, [expect.stringContaining('not valid before')]],
  ])('after %d of its 30 days says %j', (days, expected) => {
    expect(warnings(['proxy.test'], days)).toEqual(expected);
  });
});
