import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { type Caller, freePort, makeCaller, serving } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${checkout}/package.json`, 'utf8'));
let folder: string;
let installed: string;
let caller: Caller;

const npm = (cwd: string, ...args: string[]) =>
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] }).toString();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'installed-'));
  npm(checkout, 'pack', '--pack-destination', folder);
  writeFileSync(`${folder}/package.json`, '{"name":"somebody","private":true}');
  const options = ['--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  npm(folder, 'install', ...options, `./daytona-proxy-${version}.tgz`);
  installed = `${folder}/node_modules/.bin/daytona-proxy`;
  caller = makeCaller({}, installed);
}, 600_000);
afterAll(() => {
  caller?.remove();
  rmSync(folder, { recursive: true, force: true });
});

test('the package has what runs and no TypeScript, which Node does not strip in node_modules', () => {
  const files = execFileSync('tar', ['tzf', `${folder}/daytona-proxy-${version}.tgz`]).toString();
  const all = files.trimEnd().split('\n');
  expect(all).toContain('package/dist/cli/main.js');
  expect(all.filter((name) => !/^package\/dist\/[\w/]+\.js$/.test(name)).sort()).toEqual(
    ['.env.example', 'CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'].map(
      (name) => `package/${name}`,
    ),
  );
});

test('the package has the script of the page for operators, and not a module of the same name', () => {
  const script = `${folder}/node_modules/daytona-proxy/dist/stats/browser.js`;
  expect(readFileSync(script, 'utf8')).toContain('new EventSource(');
});

test('the package may be published, and then npx finds it', () => {
  const manifest = JSON.parse(
    readFileSync(`${folder}/node_modules/daytona-proxy/package.json`, 'utf8'),
  );
  expect(manifest).toMatchObject({
    name: 'daytona-proxy',
    bin: { 'daytona-proxy': 'dist/cli/main.js' },
  });
  expect(manifest.private).toBeUndefined();
  expect(npm(folder, 'exec', '--no', '--', 'daytona-proxy', '--help')).toContain('sandbox');
});

test('the installed command says its version, as a program of its own', async () => {
  expect(execFileSync(installed, ['--version']).toString()).toBe(`${version}\n`);
}, 60_000);

test('the installed command runs the demo, in which it creates a sandbox and deletes it', async () => {
  const demo = caller.start(['demo', '--json'], { PORT: '0' });
  expect(await eventually(() => demo.out().endsWith('\n'), 60_000)).toBe(true);
  const { app, daytona, proxy } = JSON.parse(demo.out());
  const env = {
    DAYTONA_API_KEY: daytona.apiKey,
    DAYTONA_API_URL: daytona.apiUrl,
    PROXY_DOMAIN: proxy.domain,
    PORT: String(proxy.port),
  };
  const { host } = new URL(app);
  expect((await ask(proxy.port, { host, path: '/health' })).body).toContain('demo sandbox');
  const port = await freePort();
  const args = ['sandbox', 'create', '--port', String(port), '--command', serving(port)];
  const { code, url } = await caller.json(args, env);
  expect(code).toBe(0);
  expect((await ask(proxy.port, { host: new URL(url).host })).body).toBe('from inside');
  const missing = await caller.run(['sandbox', 'test', 'nobody'], env);
  expect(missing.err).toContain('npx daytona-proxy sandbox list');
  expect((await caller.json(['sandbox', 'delete', '--yes'], env)).deleted).toHaveLength(1);
  demo.kill('SIGINT');
  expect((await demo.ended).code).toBe(0);
}, 120_000);

test('the installed command serves as npm start does', async () => {
  const serving = caller.start(['serve', '--json'], { DAYTONA_API_KEY: 'k', PORT: '0' });
  expect(await eventually(() => serving.out().includes('start.listening'), 60_000)).toBe(true);
  serving.kill('SIGTERM');
  const { code, out } = await serving.ended;
  expect(code).toBe(0);
  for (const line of out.trimEnd().split('\n')) JSON.parse(line);
}, 90_000);
