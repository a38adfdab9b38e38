import { expect, test } from '@jest/globals';
import { shownConfig } from '../../../src/config/shown.ts';
import { variables } from '../../../src/config/variables.ts';

test('shows what is not as it is by itself, and nothing else', () => {
  const shown = shownConfig(variables, {
    PORT: '3002',
    LOG_LEVEL: 'debug',
    HOST: '',
    PATH: '/bin',
  });
  expect(shown).toEqual({ LOG_LEVEL: 'debug' });
});

test('shows no secret of any variable', () => {
  const secretive = Object.keys(variables).filter((name) =>
    /(?:_KEY|SECRET|TOKEN|PASSWORD|REDIS_URL)$/.test(name),
  );
  expect(secretive.length).toBeGreaterThan(7);
  const given = Object.fromEntries(secretive.map((name) => [name, 'what-nobody-may-see']));
  const shown = shownConfig(variables, given);
  expect(Object.keys(shown).sort()).toEqual(secretive.sort());
  expect(new Set(Object.values(shown))).toEqual(new Set(['****']));
});

test('shows no password in an address', () => {
  const shown = shownConfig(variables, { DAYTONA_API_URL: 'http://user:secret@daytona.test/api' });
  expect(shown.DAYTONA_API_URL).toBe('http://****@daytona.test/api');
});

test('shows no query of an address, and of a picture its beginning', () => {
  const logo = (BRAND_LOGO_URL: string) =>
    shownConfig(variables, { BRAND_LOGO_URL }).BRAND_LOGO_URL;
  expect(logo('https://cdn.test/logo.png?signature=secret')).toBe('https://cdn.test/logo.png?****');
  expect(logo(`data:image/png;base64,${'A'.repeat(100_000)}`)).toHaveLength(201);
});
