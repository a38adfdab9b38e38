/** What a linter of Dockerfiles would say, and what is this project's own to keep. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { readText } from '../support/composeFile.ts';
import { openCodeVersion } from '../support/openCode.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const files = readdirSync(join(root, 'docker'), { recursive: true })
  .map((name) => join('docker', String(name)))
  .filter((path) => /(?:^|\/)Dockerfile$/.test(path));

/** Its instructions, one after the other, without comments and with continued lines joined. */
function instructionsOf(text: string): { readonly name: string; readonly rest: string }[] {
  const lines = text
    .replace(/^\s*#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n');
  return lines
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line.trim()) ?? [];
      return { name, rest };
    });
}

/** What is wrong with it; nothing, if all is well. */
function problemsOf(text: string): string[] {
  const all = instructionsOf(text);
  const of = (wanted: string) => all.filter(({ name }) => name === wanted).map(({ rest }) => rest);
  const stages = of('FROM').map((rest) => / AS (\S+)$/i.exec(rest)?.[1]);
  const problems: string[] = [];
  for (const rest of of('FROM')) {
    const [image = ''] = rest.split(' ');
    if (!/:[^:/]*\d/.test(image) && !stages.includes(image)) problems.push(`no version: ${rest}`);
    if (/:(?:latest|lts|stable|current)\b/.test(image)) problems.push(`moves: ${rest}`);
  }
  for (const rest of of('RUN')) {
    if (/apt-get install/.test(rest)) {
      if (!/^apt-get update &&/.test(rest.replace(/\s+/g, ' '))) problems.push('stale lists');
      if (!/--no-install-recommends/.test(rest)) problems.push('recommended packages');
      if (!/rm -rf \/var\/lib\/apt\/lists\/\*/.test(rest)) problems.push('lists are kept');
    }
    if (/\bapt (?:install|update)/.test(rest)) problems.push('apt is for people');
    if (/\bsudo\b/.test(rest)) problems.push('sudo');
    if (/(?:curl|wget)[^|]*\|\s*(?:ba)?sh/.test(rest)) problems.push('runs what it downloads');
    if (/@latest\b/.test(rest)) problems.push('no version of a package');
    if (/npm (?:install|ci)/.test(rest) && !/--ignore-scripts/.test(rest)) problems.push('scripts');
  }
  const last = all.slice(all.findLastIndex(({ name }) => name === 'FROM'));
  const user = last.findLast(({ name }) => name === 'USER')?.rest;
  if (user === undefined || /^(?:root|0)\b/.test(user)) problems.push('runs as root');
  for (const { name, rest } of all) {
    if (/^(?:CMD|ENTRYPOINT)$/.test(name) && !rest.startsWith('[')) problems.push(`shell: ${name}`);
    if (name === 'ADD') problems.push('ADD');
    if (/^(?:ARG|ENV)$/.test(name) && /(?:KEY|PASSWORD|SECRET|TOKEN)=\S/.test(rest)) {
      problems.push(`secret: ${name}`);
    }
    if (name === 'WORKDIR' && !rest.startsWith('/')) problems.push(`relative: ${rest}`);
  }
  return problems;
}

test('there are two', () => {
  expect(files.sort()).toEqual(['docker/Dockerfile', 'docker/opencode-sandbox/Dockerfile']);
});

test.each(files)('%s keeps to the rules', (path) => {
  expect(problemsOf(readText(path))).toEqual([]);
});

describe('the rules', () => {
  const good = readText('docker/opencode-sandbox/Dockerfile');
  test.each<[string, string, string | RegExp, string]>([
    ['an image without a version', 'no version: node', /FROM \S+/, 'FROM node'],
    ['an image that moves', 'moves: node:lts', /FROM \S+/, 'FROM node:lts'],
    ['lists that stay', 'lists are kept', /\\\n {2}&& rm -rf \S+/, ''],
    ['recommended packages', 'recommended packages', '--no-install-recommends ', ''],
    ['root', 'runs as root', 'USER node', 'USER root'],
    ['no user', 'runs as root', 'USER node', ''],
    ['a shell as the first process', 'shell: CMD', /CMD .*/, 'CMD sleep infinity'],
    [
      'a package without a version',
      'no version of a package',
      /@\$\{OPENCODE_VERSION\}/,
      '@latest',
    ],
    ['scripts of packages', 'scripts', ' --ignore-scripts', ''],
    ['a secret', 'secret: ENV', 'ENV HOME', 'ENV API_KEY=abc HOME'],
  ])('find %s', (_what, problem, from, to) => {
    expect(problemsOf(good.replace(from, to))).toContain(problem);
  });
});

test('the sandbox has the OpenCode that the tests run', () => {
  const [, version] =
    /^ARG OPENCODE_VERSION=(\S+)$/m.exec(readText('docker/opencode-sandbox/Dockerfile')) ?? [];
  expect(version).toBe(openCodeVersion);
});

test('the sandbox has the Node that the tests run on', () => {
  const { devDependencies } = JSON.parse(readText('package.json'));
  expect(readText('docker/opencode-sandbox/Dockerfile')).toContain(
    `FROM node:${devDependencies.node}-`,
  );
});
