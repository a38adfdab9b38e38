import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fetch, ProxyAgent } from 'undici';
import { egressPassword } from '../../../src/egress/credentials.ts';
import {
  type EgressRig,
  egressSecret,
  outside,
  sandboxId,
  startEgressRig,
} from '../../support/egressRig.ts';
import { eventually } from '../../support/eventually.ts';
import { serveGit } from '../../support/gitServer.ts';
import { run } from '../../support/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'egress-git-'));
let rig: EgressRig;
beforeAll(async () => {
  const git = ['-c', 'user.name=t', '-c', 'user.email=t@test', '-C', join(folder, 'repo')];
  execFileSync('git', ['init', '-q', join(folder, 'repo')]);
  writeFileSync(join(folder, 'repo', 'hello.txt'), 'from a repository');
  execFileSync('git', [...git, 'add', '.']);
  execFileSync('git', [...git, 'commit', '-qm', 'first']);
  const gitApp = serveGit(folder);
  rig = await startEgressRig({
    app: async (req, res) => {
      if (req.url?.startsWith('/repo/')) return gitApp(req, res);
      let body = '';
      for await (const chunk of req) body += chunk;
      res.end(`${req.method} ${req.url} ${body}`);
    },
    allow: `api.${outside}:#`,
  });
});
afterAll(async () => {
  await rig?.close();
  rmSync(folder, { recursive: true });
});

const curl = (url: string, proxy: string, ...args: string[]) =>
  run('curl', ['-sS', '--cacert', rig.certificate.certPath, '-x', proxy, ...args, url]);

describe('curl', () => {
  test('reaches an allowed host through a tunnel', async () => {
    const { stdout, stderr } = await curl(rig.url('/v1'), rig.proxyUrl(), '-d', 'question');
    expect([stdout, stderr]).toEqual(['POST /v1 question', '']);
  });

  test('finds its way by HTTPS_PROXY alone', async () => {
    const args = ['-sS', '--cacert', rig.certificate.certPath, rig.url('/v1')];
    const { stdout } = await run('curl', args, { HTTPS_PROXY: rig.proxyUrl() });
    expect(stdout).toBe('GET /v1 ');
  });

  test('is told why another host is refused, and what to change', async () => {
    const { code, stderr } = await curl(rig.url('/', `other.${outside}`), rig.proxyUrl(), '-v');
    expect(code).not.toBe(0);
    expect(stderr).toContain('HTTP/1.1 403 Forbidden');
    expect(stderr).toMatch(/x-proxy-error: HOST_NOT_ALLOWED/i);
  });

  test.each([
    ['without a credential', () => `http://127.0.0.1:${rig.egress.port}`],
    ['with a wrong password', () => rig.proxyUrl(sandboxId, 'wrong')],
    [
      'with the password of another sandbox',
      () => rig.proxyUrl(sandboxId, egressPassword(egressSecret, 'another-sandbox')),
    ],
  ])('is asked for a credential %s', async (_how, proxy) => {
    const before = rig.dialled();
    const { code, stderr } = await curl(rig.url(), proxy(), '-v');
    expect(code).not.toBe(0);
    expect(stderr).toContain('HTTP/1.1 407 Proxy Authentication Required');
    expect(stderr).toMatch(/proxy-authenticate: Basic/i);
    expect(rig.dialled()).toBe(before);
  });
});

describe('Node’s fetch', () => {
  const agentFor = (uri: string) =>
    new ProxyAgent({ uri, requestTls: { ca: rig.certificate.pem } });

  test('reaches an allowed host through a tunnel', async () => {
    const dispatcher = agentFor(rig.proxyUrl());
    const init = { method: 'POST', body: 'question', dispatcher };
    const response = await fetch(rig.url('/v1'), init);
    expect([response.status, await response.text()]).toEqual([200, 'POST /v1 question']);
    await dispatcher.close();
  });

  test('fails for a host that is not allowed', async () => {
    const dispatcher = agentFor(rig.proxyUrl());
    const failed = fetch(rig.url('/', `other.${outside}`), { dispatcher });
    await expect(failed).rejects.toMatchObject({ cause: { message: /403/ } });
    await dispatcher.destroy();
  });
});

describe('git', () => {
  const clone = (host: string, to: string) =>
    run('git', ['clone', '-q', rig.url('/repo/.git', host), join(folder, to)], {
      GIT_SSL_CAINFO: rig.certificate.certPath,
      HTTPS_PROXY: rig.proxyUrl(),
      GIT_TERMINAL_PROMPT: '0',
    });

  test('clones from an allowed host', async () => {
    const { code, stderr } = await clone(`api.${outside}`, 'clone');
    expect([code, stderr]).toEqual([0, '']);
    expect(readFileSync(join(folder, 'clone', 'hello.txt'), 'utf8')).toBe('from a repository');
  });

  test('says 403 for another host', async () => {
    const { code, stderr } = await clone(`other.${outside}`, 'refused');
    expect(code).not.toBe(0);
    expect(stderr).toContain('403');
  });
});

test('a tunnel’s end writes one line, without what was asked inside', async () => {
  await curl(rig.url('/secret?key=1'), rig.proxyUrl('logged-sandbox'));
  const lines = () =>
    rig.logs('egress.carried').filter(({ sandbox }) => sandbox === 'logged-sandbox');
  expect(await eventually(() => lines().length > 0)).toBe(true);
  const [line] = lines();
  expect(line).toMatchObject({ kind: 'tunnel', host: `api.${outside}`, port: rig.port });
  expect(line?.bytesUp).toBeGreaterThan(200);
  expect(line?.bytesDown).toBeGreaterThan(200);
  expect(typeof line?.durationMs).toBe('number');
  expect(JSON.stringify(rig.logs())).not.toContain('secret');
});
