import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Rig } from './rig.ts';

const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A command that runs, in a process of its own. */
export interface RunningCommand {
  kill(signal: NodeJS.Signals): void;
  /** All that it has said so far on standard error. */
  said(): string;
  /** The same of standard output. */
  out(): string;
  readonly ended: Promise<Outcome>;
}

/** Calls of the command from one folder, with nothing in the environment but what is given. */
export interface Caller {
  readonly folder: string;
  start(args: readonly string[], env?: Record<string, string>, input?: string): RunningCommand;
  run(args: readonly string[], env?: Record<string, string>, input?: string): Promise<Outcome>;
  /** The same with `--json`, and what it then says. */
  // biome-ignore lint/suspicious/noExplicitAny: Each command has a shape of its own.
  json(args: readonly string[], env?: Record<string, string>): Promise<any>;
  remove(): void;
}

/** Makes a folder for a caller. */
export function makeCaller(own: Record<string, string> = {}, program = main): Caller {
  const folder = mkdtempSync(join(tmpdir(), 'command-'));
  const start: Caller['start'] = (args, env = {}, input = '') => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...own, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => {}).end(input);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      err += text;
    });
    const ended = once(child, 'close').then(([code]) => ({
      code: code as number | null,
      out,
      err,
    }));
    return { kill: (signal) => void child.kill(signal), said: () => err, out: () => out, ended };
  };
  const run: Caller['run'] = (...given) => start(...given).ended;
  return {
    folder,
    start,
    run,
    json: async (args, env) => {
      const { code, out, err } = await run([...args, '--json'], env);
      if (!/^\{.*\}\n$/.test(out)) throw new Error(`no one JSON object: ${code} ${out}\n${err}`);
      return { code, ...JSON.parse(out) };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What the command needs to know of a rig. */
export function environmentOf({ daytona, proxy }: Rig): Record<string, string> {
  return {
    DAYTONA_API_KEY: daytona.apiKey,
    DAYTONA_API_URL: daytona.apiUrl,
    PROXY_DOMAIN: 'proxy.localhost',
    PORT: String(proxy.port),
  };
}

/** A port on which nothing listens, for a command in a sandbox to take. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A command line for a sandbox that serves its answer on a port. */
export function serving(port: number, answer = 'from inside'): string {
  const code = `require('http').createServer((q, s) => { console.log('asked for', q.url); s.end('${answer}'); }).listen(${port})`;
  return `node -e "${code}"`;
}
