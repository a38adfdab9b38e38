import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AppProcess, startApp } from '../../src/demo/process.ts';

/** The one that docker/opencode-sandbox has too. */
export const openCodeVersion = '1.18.33';
const folder = fileURLToPath(new URL('../../.e2e', import.meta.url));
const program = `${folder}/node_modules/.bin/opencode`;

/** Where OpenCode is; the first time it is installed, some 180 MB, beside the checkout. */
export function openCodeProgram(): string {
  if (!existsSync(program)) {
    const install = ['install', '--prefix', folder, '--no-save', `opencode-ai@${openCodeVersion}`];
    execFileSync('npm', install, { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return program;
}

/** Starts a real OpenCode. */
export async function startOpenCode(): Promise<AppProcess> {
  const app = await startApp(openCodeProgram(), (port) => {
    return ['serve', '--hostname', '127.0.0.1', '--port', String(port)];
  });
  // What it is asked in its first moment it never answers, so each try is given up after a second.
  const health = `http://127.0.0.1:${app.port}/global/health`;
  for (let tries = 0; tries < 60; tries++) {
    const signal = AbortSignal.timeout(1000);
    if (
      await fetch(health, { signal }).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return app;
  }
  await app.close();
  throw new Error('OpenCode does not answer');
}
