import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { type Variable, variables } from '../../../src/config/variables.ts';

const names = Object.keys(variables);
const read = (name: string) => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');

test('the README has a row for every variable, with its default and meaning', () => {
  const rows = [...read('README.md').matchAll(/^\| `([A-Z_]+)` \| (.*?) \| (.*) \|$/gm)];
  expect(rows.map(([, name]) => name)).toEqual(names);
  for (const [, name = '', fallback, meaning] of rows) {
    const variable: Variable<unknown> = variables[name as keyof typeof variables];
    const { inPlatform } = variable;
    const base = variable.fallback === undefined ? 'required' : variable.fallback || '–';
    const shown =
      inPlatform === undefined ? base : `${base}, in platform mode ${inPlatform || '–'}`;
    expect([name, fallback?.replaceAll('`', ''), meaning]).toEqual([name, shown, variable.meaning]);
  }
});

test('.env.example names every variable once, with its default or an example', () => {
  const lines = [...read('.env.example').matchAll(/^#? ?([A-Z_]+)=(.*)$/gm)];
  expect(lines.map(([, name]) => name)).toEqual(names);
  for (const [, name = '', value] of lines) {
    const { fallback, example } = variables[name as keyof typeof variables];
    expect([fallback, example, '']).toContain(value);
  }
});
