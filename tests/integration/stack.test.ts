/** The self-hosted Daytona of docker/daytona, as far as it can be checked without a Docker engine. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parse as parseEnv } from 'dotenv';
import { readConfig } from '../../src/config/config.ts';
import { describeWith } from '../support/binary.ts';
import {
  type ComposeFile,
  loadCompose,
  networksOf,
  parseYaml,
  readText,
  variablesIn,
} from '../support/composeFile.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = 'docker/daytona';
const main = `${folder}/compose.yml`;
const parts = [main, `${folder}/stores.yml`, `${folder}/egress.yml`];
const validate = new Ajv2020({ strict: false }).compile(
  JSON.parse(readText('tests/corpus/composeSpec.json')),
);
const problemsOf = (text: string) => {
  validate(parseYaml(text));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
};

let env: Record<string, string>;
let stack: ComposeFile;
let temporary: string;

beforeAll(() => {
  temporary = mkdtempSync(join(tmpdir(), 'stack-'));
  const out = join(temporary, '.env');
  execFileSync(join(root, folder, 'secrets.sh'), ['--out', out], { stdio: 'pipe' });
  env = parseEnv(readFileSync(out));
  stack = loadCompose(main, env);
});

afterAll(() => rmSync(temporary, { recursive: true }));

const services = () => Object.entries(stack.services);
const environmentOf = (name: string) => stack.services[name]?.environment ?? {};

describe.each([...parts, 'docker/compose.yml'])('%s', (path) => {
  test('is what the compose specification says', () => {
    expect(problemsOf(readText(path))).toEqual([]);
  });

  test('would be found out if it were not', () => {
    expect(problemsOf(readText(path).replace(/^ {4}image:/m, '    imgae:'))).not.toEqual([]);
    expect(problemsOf(readText(path).replace('unless-stopped', '[sometimes]'))).not.toEqual([]);
  });
});

test('there are the nine services, each at its port, for this machine alone', () => {
  const published = services().flatMap(([name, { ports = [] }]) =>
    ports.map((port) => `${name} ${port}`),
  );
  expect(published.sort()).toEqual([
    'api 127.0.0.1:3000:3000',
    'dex 127.0.0.1:5556:5556',
    'minio 127.0.0.1:9001:9001',
    'proxy 127.0.0.1:4000:4000',
    'registry 127.0.0.1:6000:6000',
    'runner 127.0.0.1:3003:3003',
    'ssh-gateway 127.0.0.1:2222:2222',
  ]);
  expect(services().filter(([, { profiles }]) => profiles === undefined)).toHaveLength(9);
  expect(new Set(published.map((line) => line.split(':')[1])).size).toBe(published.length);
});

test('.env.example has every variable of the files, and no other', () => {
  const used = new Set(parts.flatMap((path) => variablesIn(readText(path))));
  expect(Object.keys(parseEnv(readText(`${folder}/.env.example`))).sort()).toEqual(
    [...used].sort(),
  );
});

test('a default in the files is the one of .env.example', () => {
  const example = parseEnv(readText(`${folder}/.env.example`));
  const defaults = parts.flatMap((path) => [...readText(path).matchAll(/\$\{(\w+):-([^}]*)\}/g)]);
  expect(defaults.length).toBeGreaterThan(5);
  for (const [, name = '', value] of defaults) expect([name, value]).toEqual([name, example[name]]);
});

test('no secret has a value before somebody makes one', () => {
  expect(() => loadCompose(main, parseEnv(readText(`${folder}/.env.example`)))).toThrow(
    /is not set: run docker\/daytona\/secrets\.sh/,
  );
});

test('every file that is named is there', () => {
  const mounted = services().flatMap(([, { volumes = [] }]) =>
    volumes.map((volume) => volume.split(':')[0] ?? '').filter((path) => path.startsWith('.')),
  );
  expect(mounted).toEqual(['./dex/config.yaml']);
  const texts = [...parts, `${folder}/dex/config.yaml`, `${folder}/.env.example`].map(readText);
  const named = texts.flatMap((text) => text.match(/docker\/[\w/.-]+\w/g) ?? []);
  expect(named.length).toBeGreaterThan(5);
  const paths = [...named, ...mounted.map((path) => join(folder, path))];
  // secrets.sh makes it.
  const missing = paths.filter((path) => !path.endsWith('/.env') && !existsSync(join(root, path)));
  expect(missing).toEqual([]);
});

test('each image that is not built here has a version of its own', () => {
  for (const [name, { image = '', build }] of services()) {
    if (build) continue;
    expect([name, image]).toEqual([
      name,
      expect.stringMatching(/^[a-z][\w./-]+:[\w.-]*\d\.?[\w.-]*$/),
    ]);
    expect(image).not.toMatch(/:(?:latest|main|stable)$/);
  }
});

test('services wait for what they need, never in a circle, and for a health that is asked for', () => {
  const done = new Set<string>();
  for (let before = -1; before !== done.size; ) {
    before = done.size;
    for (const [name, { depends_on = {} }] of services()) {
      if (Object.keys(depends_on).every((needed) => done.has(needed))) done.add(name);
    }
  }
  expect([...done].sort()).toEqual(Object.keys(stack.services).sort());
  for (const [name, { depends_on = {}, healthcheck }] of services()) {
    expect([name, healthcheck?.test[0]]).toEqual([name, 'CMD']);
    const conditions = Object.values(depends_on).map(({ condition }) => condition);
    expect(
      conditions.filter((condition) => !/^service_(healthy|started)$/.test(condition)),
    ).toEqual([]);
  }
});

test('volumes and networks are used and declared, every one of them', () => {
  const volumes = services().flatMap(([, service]) => service.volumes ?? []);
  const named = volumes
    .map((volume) => volume.split(':')[0])
    .filter((name) => !name?.includes('/'));
  expect([...new Set(named)].sort()).toEqual(Object.keys(stack.volumes).sort());
  const networks = services().flatMap(([, service]) => networksOf(service));
  expect(new Set(networks)).toEqual(new Set(Object.keys(stack.networks)));
});

test('sandboxes, which are inside the runner, reach neither database nor Redis nor each other', () => {
  expect(environmentOf('runner').INTER_SANDBOX_NETWORK_ENABLED).toBe('false');
  expect(stack.services.runner?.networks).toEqual(['front']);
  for (const name of ['db', 'redis']) expect(stack.services[name]?.networks).toEqual(['data']);
  expect(stack.networks.data).toEqual({ internal: true });
});

test('the fixes for Docker in Docker are in', () => {
  expect(stack.services.runner?.cgroup).toBe('host');
  expect(environmentOf('api').RUNNER_AVAILABILITY_SCORE_THRESHOLD).toBe('0');
});

test('services know each other by the same secrets', () => {
  const [api, proxy, runner] = ['api', 'proxy', 'runner'].map(environmentOf);
  const [gateway, db, minio] = ['ssh-gateway', 'db', 'minio'].map(environmentOf);
  const pairs = [
    [api?.PROXY_API_KEY, proxy?.PROXY_API_KEY],
    [api?.DEFAULT_RUNNER_API_KEY, runner?.DAYTONA_RUNNER_TOKEN],
    [api?.SSH_GATEWAY_API_KEY, gateway?.API_KEY],
    [api?.SSH_GATEWAY_PUBLIC_KEY, runner?.SSH_PUBLIC_KEY],
    [api?.DB_PASSWORD, db?.POSTGRES_PASSWORD],
    [api?.DB_USERNAME, db?.POSTGRES_USER],
    [api?.S3_SECRET_KEY, minio?.MINIO_ROOT_PASSWORD],
    [api?.S3_ACCESS_KEY, minio?.MINIO_ROOT_USER],
    [api?.S3_SECRET_KEY, runner?.AWS_SECRET_ACCESS_KEY],
  ];
  for (const [one, other] of pairs) expect(one).toBe(other);
  expect(pairs.flat()).not.toContain(undefined);
  // The S3 password stands in it twice.
  expect(new Set(pairs.map(([one]) => one)).size).toBe(pairs.length - 1);
});

describe('the proxy', () => {
  const swap = (text: string) => text.replace(/^( {6})# (- \*ours)\b.*$/m, '$1$2');

  test('is Daytona’s own as it comes', () => {
    expect(stack.services.proxy?.image).toBe('daytonaio/daytona-proxy:v0.190.0');
    expect(stack.services.proxy?.build).toBeUndefined();
  });

  test('is ours once its one line is uncommented, and nothing else changes', () => {
    const { proxy, ...others } = loadCompose(main, env, swap).services;
    const { proxy: stock, ...same } = stack.services;
    expect(others).toEqual(same);
    expect(proxy?.image).toBe('daytona-proxy:local');
    const { context = '', dockerfile = '' } = proxy?.build ?? {};
    expect(join(root, folder, context, dockerfile)).toBe(join(root, 'docker/Dockerfile'));
    expect(proxy?.healthcheck?.test[1]).toBe('node');
    expect({ ...proxy, image: 0, build: 0, pull_policy: 0, healthcheck: 0 }).toEqual({
      ...stock,
      image: 0,
      build: 0,
      pull_policy: 0,
      healthcheck: 0,
    });
  });

  test('is ours with a configuration that ours takes', () => {
    expect(readConfig(environmentOf('proxy'))).toMatchObject({
      MODE: 'platform',
      PORT: 4000,
      PROXY_DOMAIN: ['proxy.localhost'],
      DAYTONA_API_URL: 'http://api:3000/api',
      OIDC_PUBLIC_DOMAIN: 'http://localhost:5556/dex',
      REDIS_HOST: 'redis',
      SHUTDOWN_TIMEOUT_MS: 60_000,
    });
  });
});

describe('Dex', () => {
  const dex = parseYaml(readText(`${folder}/dex/config.yaml`)) as {
    issuer: string;
    staticClients: { id: string; redirectURIs: string[] }[];
    staticPasswords: { email: string; hash: string }[];
  };

  test('calls itself what the API and the proxy expect', () => {
    expect(dex.issuer).toBe(environmentOf('api').PUBLIC_OIDC_DOMAIN);
    expect(dex.issuer).toBe(environmentOf('proxy').OIDC_PUBLIC_DOMAIN);
    const [client] = dex.staticClients;
    expect(client?.id).toBe(environmentOf('api').OIDC_CLIENT_ID);
    expect(client?.redirectURIs).toContain(environmentOf('api').DASHBOARD_URL);
    const { PROXY_DOMAIN, PROXY_PROTOCOL } = environmentOf('proxy');
    expect(client?.redirectURIs).toContain(`${PROXY_PROTOCOL}://${PROXY_DOMAIN}/callback`);
  });

  describeWith('perl', 'its one user', (perl) => {
    test.each([
      ['password', true],
      ['Password', false],
    ])('logs in by %s: %s', (password, right) => {
      const [{ email, hash } = { email: '', hash: '' }] = dex.staticPasswords;
      expect(email).toBe('dev@daytona.io');
      const script = 'print crypt($ARGV[0], $ARGV[1])';
      const made = execFileSync(perl, ['-e', script, password, hash], { encoding: 'utf8' });
      expect(made === hash).toBe(right);
    });
  });
});
