import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { brandVariables } from '../../../src/config/brandVariables.ts';
import { type ConfigError, readVariables } from '../../../src/config/config.ts';
import { createLook } from '../../../src/replies/look.ts';

const problemOf = (env: Record<string, string>): string | undefined => {
  try {
    readVariables(brandVariables, env);
    return undefined;
  } catch (error) {
    return (error as ConfigError).message;
  }
};
const policyOf = (logoUrl: string | undefined): string => {
  let policy = '';
  const res = {
    setHeader: (name: string, value: string) => setPolicy(name, value),
    removeHeader() {},
  };
  const setPolicy = (name: string, value: string) => {
    if (name === 'Content-Security-Policy') policy = value;
  };
  createLook({ logoUrl }).protect({} as never, res as never, () => {});
  return policy;
};

test.each([
  ['BRAND_NAME', 'Émile & Söhne'],
  ['BRAND_LOGO_URL', 'https://cdn.example.com:8443/a/logo.svg?v=1'],
  ['BRAND_LOGO_URL', 'data:image/png;base64,iVBORw0KGgo='],
  ['BRAND_COLOR', '#AbCdEf'],
])('%s may be %s', (name, value) => expect(problemOf({ [name]: value })).toBeUndefined());

test.each([
  ['BRAND_NAME', 'x'.repeat(61)],
  ['BRAND_NAME', 'a\u202eb'],
  ['BRAND_LOGO_URL', 'http://cdn.example.com/logo.svg'],
  ['BRAND_LOGO_URL', 'javascript:alert(1)'],
  ['BRAND_LOGO_URL', 'data:text/html,<script>'],
  ['BRAND_LOGO_URL', 'https://*.example.com/logo.svg'],
  ['BRAND_LOGO_URL', "https://a;script-src'unsafe-inline'.example.com/"],
  ['BRAND_LOGO_URL', 'https://user:secret@cdn.example.com/logo.svg'],
  ['BRAND_LOGO_URL', `data:image/png,${'x'.repeat(65_536)}`],
  ['BRAND_COLOR', 'red'],
  ['BRAND_COLOR', '#fff'],
  ['BRAND_COLOR', '#ffffff}'],
])('%s may not be %s', (name, value) => expect(problemOf({ [name]: value })).toContain(name));

test('a policy lets in the logo’s origin, and nothing else beside our style', () => {
  const policy = (logo?: string) => policyOf(logo).replace(/sha256-[^']+/, 'sha256-x');
  const rest = "default-src 'none';style-src 'sha256-x';base-uri 'none'";
  expect(policy()).toBe(`${rest};form-action 'none'`);
  expect(policy('https://cdn.example.com:8443/a/b.svg')).toBe(
    `${rest};img-src https://cdn.example.com:8443;form-action 'none'`,
  );
  expect(policy('data:image/png,x')).toBe(`${rest};img-src data:;form-action 'none'`);
});

test('no address that is accepted says more in a policy than one source', () => {
  fc.assert(
    fc.property(fc.webUrl({ validSchemes: ['https'], withQueryParameters: true }), (address) => {
      if (problemOf({ BRAND_LOGO_URL: address }) !== undefined) return;
      const { BRAND_LOGO_URL: logo } = readVariables(brandVariables, { BRAND_LOGO_URL: address });
      expect(policyOf(logo)).toMatch(/;img-src https:\/\/[a-z0-9.-]+(?::\d+)?;form-action 'none'$/);
    }),
  );
});
