import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { delimiter, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EmbeddedDaytona, startDaytona } from './daytona.ts';
import { startApp } from './process.ts';
import type { Sandbox } from './sandbox.ts';

export interface Demo {
  readonly daytona: EmbeddedDaytona;
  /** The demo sandbox's name, which its hosts use for an id. */
  readonly name: string;
  /** True where a real OpenCode answers on port 4096. */
  readonly openCode: boolean;
  close(): Promise<void>;
}

/**
 * Starts an embedded Daytona with one sandbox named `demo`: its app on port 3000 and, where an
 * `opencode` program is found in `searchPath`, OpenCode on port 4096. All of it answers. What else
 * should be so of the sandbox is said by `facts`.
 */
export async function startDemo(searchPath: string, facts: Partial<Sandbox> = {}): Promise<Demo> {
  // Who holds a key runs commands on this machine, so none is a word that others know. That of the
  // platform's proxy leads there too: it asks for those of the runners.
  const [apiKey, proxyKey] = [newKey('dtn'), newKey('proxy')];
  const daytona = await startDaytona({ apiKey, proxyKey, searchPath });
  const sandbox = daytona.sandboxes.create({ name: 'demo', ...facts });
  // In the published package all of this is JavaScript.
  const app = `./sandboxApp${extname(import.meta.url)}`;
  const appFile = fileURLToPath(new URL(app, import.meta.url));
  const openCode = findProgram('opencode', searchPath);
  const starting = [startApp(process.execPath, (port) => [appFile, String(port)])];
  if (openCode) {
    const args = (port: number) => ['serve', '--hostname', '127.0.0.1', '--port', String(port)];
    starting.push(startApp(openCode, args));
  }
  const settled = await Promise.allSettled(starting);
  const apps = settled.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const close = async () => {
    await Promise.all([daytona.close(), ...apps.map((running) => running.close())]);
  };
  const failed = settled.find((start) => start.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  [3000, 4096].forEach((port, i) => {
    const running = apps[i];
    if (running) sandbox.ports.set(port, running.port);
  });
  return { daytona, name: sandbox.name, openCode: openCode !== undefined, close };
}

function newKey(prefix: string): string {
  return `${prefix}_${randomBytes(16).toString('hex')}`;
}

function findProgram(name: string, searchPath: string): string | undefined {
  return searchPath
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
