import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AppProcess, startApp } from '../../src/demo/process.ts';

const version = '1.18.33';
const folder = fileURLToPath(new URL('../../.e2e', import.meta.url));
const program = `${folder}/node_modules/.bin/opencode`;

/** Starts a real OpenCode; the first time it is installed, some 180 MB, beside the checkout. */
export async function startOpenCode(): Promise<AppProcess> {
  if (!existsSync(program)) {
    const install = ['install', '--prefix', folder, '--no-save', `opencode-ai@${version}`];
    execFileSync('npm', install, { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return startApp(program, (port) => ['serve', '--hostname', '127.0.0.1', '--port', String(port)]);
}
