/** The files that deploy the proxy, as far as they can be tried without what they deploy to. */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { variables } from '../../src/config/variables.ts';
import { type ErrorCode, errorCodes } from '../../src/replies/errors.ts';
import { describeWith } from '../support/binary.ts';
import { ask } from '../support/client.ts';
import { findBinary } from '../support/findBinary.ts';
import { startRig } from '../support/rig.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const files = ['docker', 'nginx'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter(
      (path) => statSync(join(root, path)).isFile() && !/\.png$|\/(?:secret)?\.env$/.test(path),
    ),
);
/** Daytona itself and what runs in it have settings of their own: stack.test.ts and its neighbours. */
const ours = files.filter((path) => !/^docker\/(?:daytona|opencode-sandbox)\//.test(path));
/** Words that look like settings of ours and are others'. */
const foreign =
  /^(?:NODE_ENV|REDISCLI_AUTH|CLOUDFLARE_API_TOKEN|CAP_NET_BIND_SERVICE|AF_[A-Z0-9]+|OTEL_[A-Z_]+)$/;

test('there are as many as there should be', () => {
  expect(ours.length).toBe(18);
  expect(files.length).toBe(18 + 10);
});

test.each(ours)('%s names no setting that does not exist', (path) => {
  const named = read(path).match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? [];
  const known = (name: string) =>
    name in variables || errorCodes.includes(name as ErrorCode) || foreign.test(name);
  expect(named.filter((name) => !known(name))).toEqual([]);
});

test.each(files)('%s names no file of the repository that does not exist', (path) => {
  const named = [
    ...read(path).matchAll(/(?<![\w/.-])(?:\.\.\/)?((?:docker|nginx|src)\/[\w@./-]+\w)/g),
  ]
    .map(([, name = '']) => name)
    .filter((name) => !/\/(?:secret)?\.env$/.test(name));
  expect(named.filter((name) => !existsSync(join(root, name)))).toEqual([]);
});

test('kustomization.yaml names each file beside it', () => {
  const named = [...read('docker/kubernetes/kustomization.yaml').matchAll(/^ {2}- (\S+\.yaml)$/gm)];
  const beside = readdirSync(join(root, 'docker/kubernetes')).filter((name) =>
    name.endsWith('.yaml'),
  );
  expect(['kustomization.yaml', ...named.map(([, name]) => name)].sort()).toEqual(beside.sort());
});

test.each([
  ['docker/compose.yml', /stop_grace_period: (\d+)s/g, 2],
  ['docker/daytona-proxy.service', /^TimeoutStopSec=(\d+)$/gm, 1],
  ['docker/daytona-proxy@.service', /^TimeoutStopSec=(\d+)$/gm, 1],
  ['docker/fly.toml', /^kill_timeout = (\d+)$/gm, 1],
  ['docker/kubernetes', /terminationGracePeriodSeconds: (\d+)$/gm, 1],
])('%s leaves time for a stop in order', (path, pattern, count) => {
  const text = files
    .filter((file) => file.startsWith(path))
    .map(read)
    .join('\n');
  const set = (name: 'SHUTDOWN_TIMEOUT_MS' | 'DRAIN_DELAY_MS') =>
    Number(new RegExp(`\\b${name}(?:=|: )"?(\\d+)`).exec(text)?.[1] ?? variables[name].fallback);
  const seconds = [...text.matchAll(pattern)].map(([, value]) => Number(value));
  expect(seconds).toHaveLength(count);
  const needed = (set('SHUTDOWN_TIMEOUT_MS') + set('DRAIN_DELAY_MS')) / 1000;
  expect(Math.min(...seconds)).toBeGreaterThan(needed);
});

test.each([
  ['docker/Dockerfile', /^EXPOSE (\d+)/gm],
  ['docker/compose.yml', /PORT: "(\d+)"|:(\d{4})\b/g],
  ['docker/fly.toml', /^\s*PORT = "(\d+)"|internal_port = (\d+)/gm],
  ['docker/kubernetes/kustomization.yaml', /- PORT=(\d+)/g],
  ['docker/kubernetes/deployment.yaml', /containerPort: (\d+)/g],
  ['nginx/daytona-proxy.conf', /^ *server 127\.0\.0\.1:(\d+)/gm],
  ['nginx/sandbox-first.conf', /^ *server 127\.0\.0\.1:(\d+)/gm],
  ['nginx/Caddyfile', /127\.0\.0\.1:(\d+)/g],
])('%s has the port that the proxy listens on', (path, pattern) => {
  const ports = [...read(path).matchAll(pattern)].map((found) => found.slice(1).find(Boolean));
  expect([...new Set(ports)]).toEqual([variables.PORT.fallback]);
});

test('both systemd units lock the proxy in alike', () => {
  const locks = (path: string) => {
    const text = read(path);
    return text.slice(text.indexOf('# The proxy reads its own folder'), text.indexOf('[Install]'));
  };
  expect(locks('docker/daytona-proxy.service')).toContain('SystemCallFilter');
  expect(locks('docker/daytona-proxy@.service')).toBe(locks('docker/daytona-proxy.service'));
});

test('compose.yml puts its instances into the Nginx that ships', () => {
  const expressions = [...read('docker/compose.yml').matchAll(/sed '(.+)'/g)];
  const servers = expressions.map(([, expression = '']) =>
    execFileSync('sed', [expression, join(root, 'nginx/daytona-proxy.conf')], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => /^\s*server \d/.test(line))
      .map((line) => line.trim().match(/server [\d.:]+ max_fails=1 fail_timeout=2s;/g)),
  );
  const line = (address: string) => `server ${address}:3002 max_fails=1 fail_timeout=2s;`;
  expect(servers).toEqual([[[line('172.30.32.3')]], [[line('172.30.32.4'), line('172.30.32.5')]]]);
  for (const address of ['172.30.32.3', '172.30.32.4', '172.30.32.5']) {
    expect(read('docker/compose.yml')).toContain(`ipv4_address: ${address}\n`);
  }
});

test('a probe that asks a pod by its address is answered', async () => {
  const rig = await startRig();
  try {
    for (const path of read('docker/kubernetes/deployment.yaml').match(/(?<=path: )\S+/g) ?? []) {
      const { status } = await ask(rig.proxy.port, { host: '10.244.1.7:3002', path });
      expect([path, status]).toEqual([path, 200]);
    }
  } finally {
    await rig.close();
  }
});

describeWith('systemd-analyze', 'systemd', () => {
  test('understands its units', () => {
    const folder = mkdtempSync(join(tmpdir(), 'units-'));
    for (const name of ['daytona-proxy.service', 'daytona-proxy@.service']) {
      const text = read(`docker/${name}`).replaceAll('/usr/bin/node', process.execPath);
      writeFileSync(join(folder, name), text);
      const said = execFileSync('systemd-analyze', ['verify', join(folder, name)], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
      expect(said).toBe('');
    }
    rmSync(folder, { recursive: true });
  });
});

// Debian 12 has 1.20, which knows nothing of a secretGenerator's `envs`.
const kubectl = findBinary('kubectl') === undefined ? test.skip : test;
kubectl('kubectl (1.21 or newer, which CI has not: skipped there) understands the folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
  cpSync(join(root, 'docker/kubernetes'), folder, { recursive: true });
  cpSync(join(folder, 'secret.env.example'), join(folder, 'secret.env'));
  const built = execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8', stdio: 'pipe' });
  expect(built.match(/^kind: \w+$/gm)?.sort()).toEqual(
    ['ConfigMap', 'Deployment', 'Ingress', 'PodDisruptionBudget', 'Secret', 'Service'].map(
      (kind) => `kind: ${kind}`,
    ),
  );
  rmSync(folder, { recursive: true });
});
