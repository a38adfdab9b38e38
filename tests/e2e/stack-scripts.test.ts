/** The scripts of docker/, run for real in folders of their own; Docker and services are never reached. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse as parseEnv } from 'dotenv';
import { describeWith } from '../support/binary.ts';
import { dockerFolder, execute, runScript } from '../support/script.ts';

const scripts = readdirSync(dockerFolder, { recursive: true })
  .map(String)
  .filter((name) => name.endsWith('.sh'));

/** A folder that stands for / and for the home folder. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'scripts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (name: string, ...args: string[]) => runScript(folder, name, ...args);
const read = (path: string) => readFileSync(join(folder, path), 'utf8');
/** Puts a program that we have written before all others; what it gives is the PATH. */
const standIn = (name: string, script: string) => {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return `${join(folder, 'bin')}:${process.env.PATH}`;
};
const everything = () => readdirSync(folder, { recursive: true }).map(String).sort();

describe.each(scripts)('%s', (name) => {
  describeWith('shellcheck', 'by shellcheck', (shellcheck) => {
    test('has nothing to be said against it', async () => {
      const { code, out } = await execute(folder, shellcheck, [join(dockerFolder, name)]);
      expect([code, out]).toEqual([0, '']);
    });
  });

  test('can be run as it lies there', () => {
    expect(statSync(join(dockerFolder, name)).mode & 0o111).toBe(0o111);
  });

  test.each(['--dryrun', '--undo=yes', '-x'])(
    'refuses %s, and says what there is',
    async (flag) => {
      const { code, out, err } = await run(name, flag);
      expect([code, out]).toEqual([2, '']);
      expect(err).toMatch(new RegExp(`^Unknown argument: ${flag}\\n\\nUsage: docker/${name} `));
      expect(everything()).toEqual([]);
    },
  );

  test('explains itself by --help', async () => {
    const { code, out } = await run(name, '--help');
    expect([code, out.split('\n')[0]]).toEqual([0, expect.stringContaining(`docker/${name} `)]);
    expect(out).toContain('--dry-run');
  });
});

describe('build.sh', () => {
  const build = (...args: string[]) => run('opencode-sandbox/build.sh', '--dry-run', ...args);

  test('shows what it would run, and by which name Daytona knows the image', async () => {
    const { code, out } = await build();
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      expect.stringMatching(
        /^\+ docker build --platform linux\/amd64 --build-arg OPENCODE_VERSION=\d+\.\d+\.\d+ --tag localhost:6000\/daytona\/opencode:\d+\.\d+\.\d+ \/\S+\/docker\/opencode-sandbox$/,
      ),
      expect.stringMatching(/^\+ docker push localhost:6000\/daytona\/opencode:\d+\.\d+\.\d+$/),
      expect.stringMatching(/^In Daytona: registry:6000\/daytona\/opencode:\d+\.\d+\.\d+$/),
      '',
    ]);
  });

  test('takes another registry, version and platform', async () => {
    const options = [
      '--registry',
      'ghcr.io/me',
      '--opencode',
      '1.2.3',
      '--platform',
      'linux/arm64',
    ];
    const { out } = await build(...options);
    expect(out).toContain('--platform linux/arm64 --build-arg OPENCODE_VERSION=1.2.3');
    expect(out).toContain('In Daytona: ghcr.io/me/daytona/opencode:1.2.3\n');
    expect((await build('--no-push')).out).not.toContain('push');
  });

  test.each([
    ['a tag that moves', ['--opencode', 'latest']],
    ['a command in a name', ['--project', 'a; touch hacked']],
    ['a command in a version', ['--opencode', '1.2.3$(touch hacked)']],
    ['no value', ['--registry']],
  ])('refuses %s', async (_what, args) => {
    expect((await build(...args)).code).toBe(2);
    expect(everything()).toEqual([]);
  });
});

describe('with Docker', () => {
  /** What Docker is asked, and how it answers. */
  const docker = (name: string, answer: string, ...args: string[]) => {
    const path = standIn(
      'docker',
      `[ "$1" = compose ] && cat >>asked; echo "$@" >>asked; ${answer}`,
    );
    return execute(folder, join(dockerFolder, name), args, path);
  };

  test('build.sh builds and then pushes, unless building fails', async () => {
    const build = 'opencode-sandbox/build.sh';
    expect((await docker(build, 'true')).code).toBe(0);
    expect(
      read('asked')
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['build', 'push', '']);
    expect((await docker(build, 'exit 7')).code).toBe(7);
    expect(read('asked').match(/^push/gm)).toHaveLength(1);
  });

  test('skip-validation.sh hands SQL and name over, and says so where nothing had that name', async () => {
    const skip = 'daytona/skip-validation.sh';
    expect(await docker(skip, 'echo UPDATE 1', 'my:1')).toMatchObject({
      code: 0,
      out: 'UPDATE 1\n',
    });
    expect(read('asked')).toMatch(/^UPDATE snapshot SET .*\n.* exec -T db psql .* name=my:1\n$/);
    const { code, err } = await docker(skip, 'echo UPDATE 0', 'my:1');
    expect([code, err]).toEqual([1, 'There is no snapshot "my:1".\n']);
    expect((await docker(skip, 'exit 7', 'my:1')).code).toBe(7);
  });
});

describe('skip-validation.sh', () => {
  const skip = (...args: string[]) => run('daytona/skip-validation.sh', ...args);

  test('hands a name over as a value, whatever is in it', async () => {
    const { code, out } = await skip('--dry-run', "it's; DROP TABLE snapshot");
    expect(code).toBe(0);
    const [sql, command] = out.split('\n');
    expect(sql).toMatch(/"skipValidation" = true WHERE name = :'name';$/);
    expect(command).toContain("name=it\\'s\\;\\ DROP\\ TABLE\\ snapshot");
  });

  test('changes all that failed only where that was said', async () => {
    const { out } = await skip('--dry-run', '--all-failed');
    expect(out).toMatch(/ WHERE state = 'error';\n/);
    expect((await skip('--dry-run')).code).toBe(2);
    expect((await skip('--dry-run', 'one', '--all-failed')).code).toBe(2);
    expect((await skip('--dry-run', 'one', 'two')).code).toBe(2);
  });
});

describe('secrets.sh', () => {
  const secrets = (...args: string[]) => run('daytona/secrets.sh', '--out', '.env', ...args);

  test('writes nothing in a dry run, and no value on the screen', async () => {
    const { out } = await secrets('--dry-run');
    expect(out).toMatch(/^Would write to \.env: .*\bENCRYPTION_KEY\b/);
    expect(out).not.toMatch(/[0-9a-f]{32}/);
    expect(everything()).toEqual([]);
  });

  test('makes every value anew, for its owner’s eyes only', async () => {
    const { out } = await secrets();
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
    const made = parseEnv(read('.env'));
    expect(Object.values(made)).not.toContain('');
    for (const value of Object.values(made))
      if (value.length > 20) expect(out).not.toContain(value);
    const words = Object.values(made).filter((value) => /^[0-9a-f]{64}$/.test(value));
    expect(new Set(words).size).toBe(12);
    expect(everything()).toEqual(['.env']);
  });

  test('makes SSH keys that belong together', async () => {
    await secrets();
    const { SSH_PRIVATE_KEY = '', SSH_PUBLIC_KEY = '', SSH_HOST_KEY } = parseEnv(read('.env'));
    const key = join(folder, 'key');
    writeFileSync(key, Buffer.from(SSH_PRIVATE_KEY, 'base64'), { mode: 0o600 });
    const derived = execFileSync('ssh-keygen', ['-y', '-f', key], { encoding: 'utf8' });
    expect(derived).toBe(Buffer.from(SSH_PUBLIC_KEY, 'base64').toString());
    expect(SSH_HOST_KEY).not.toBe(SSH_PRIVATE_KEY);
  });

  test('keeps every line that is there, and adds what is not', async () => {
    const mine = '# Mine\nexport DB_PASSWORD="my own"\n\nRUNNER_CPU=16\nlower=1\nTWO="a\nb"\n';
    writeFileSync(join(folder, '.env'), `PROXY_API_KEY=""\n${mine}`, { mode: 0o644 });
    const { out } = await secrets();
    expect(out).not.toMatch(/DB_PASSWORD|RUNNER_CPU/);
    const first = read('.env');
    expect(first).toContain(`\n${mine}`);
    expect(first.match(/DB_PASSWORD/g)).toHaveLength(1);
    expect(parseEnv(first).PROXY_API_KEY).toMatch(/^[0-9a-f]{64}$/);
    expect(parseEnv(first).ENCRYPTION_KEY).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
    expect((await secrets()).out).toContain('Nothing to change.');
    expect(read('.env')).toBe(first);
  });

  test('leaves all as it is where one step fails', async () => {
    writeFileSync(join(folder, '.env'), 'MY_OWN=1\n');
    // The third random value is one too many for this one.
    const path = standIn('openssl', 'echo x >>"$HOME/count"; [ "$(wc -l <"$HOME/count")" -lt 3 ]');
    const script = join(dockerFolder, 'daytona/secrets.sh');
    const { code } = await execute(folder, script, ['--out', '.env'], path);
    expect(code).not.toBe(0);
    expect(read('.env')).toBe('MY_OWN=1\n');
    expect(everything()).toEqual(['.env', 'bin', 'bin/openssl', 'count']);
  });

  test.each([
    ['a link, which would become a file', () => symlinkSync('other', join(folder, '.env')), 1],
    ['a folder', () => mkdirSync(join(folder, '.env')), 1],
  ])('refuses %s', async (_what, prepare, expected) => {
    prepare();
    expect((await secrets()).code).toBe(expected);
    expect(everything()).toEqual(['.env']);
  });

  test('puts no new half of a key beside an old one', async () => {
    writeFileSync(join(folder, '.env'), 'SSH_PRIVATE_KEY=abc\n');
    const { code, err } = await secrets();
    expect([code, err]).toEqual([1, expect.stringContaining('belong together')]);
    expect(read('.env')).toBe('SSH_PRIVATE_KEY=abc\n');
  });
});
