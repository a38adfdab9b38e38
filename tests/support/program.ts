import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const start = fileURLToPath(new URL('../../src/start.js', import.meta.url));
const command = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

const programOf = (args: readonly string[]) => (args.length > 0 ? [command, ...args] : [start]);

/** The program in a process of its own: as `npm start` runs it, or a command such as `demo`. */
export interface Program {
  readonly child: ChildProcess;
  /** All lines so far, of standard output and standard error. */
  readonly lines: readonly string[];
  /** Resolves with the first line, old or new, that matches. */
  line(pattern: RegExp): Promise<string>;
  /** Resolves with the exit code. */
  readonly exit: Promise<number | null>;
}

/** Starts it with nothing in the environment but `env` and the PATH. */
export function startProgram(env: Record<string, string>, ...args: string[]): Program {
  return watch(
    spawn(process.execPath, programOf(args), {
      cwd: '/',
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

/** The same with so many file descriptors at most. */
export function startLimited(descriptors: number, env: Record<string, string>): Program {
  const limit = `--nofile=${descriptors}:${descriptors}`;
  return watch(
    spawn('prlimit', [limit, process.execPath, start], {
      cwd: '/',
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

/**
 * The same behind a module that Node loads before it, with a channel for messages to and fro.
 *
 * @param stdout a descriptor that it gets as its standard output; then `lines` has none of it
 */
export function startProbed(
  probe: URL,
  env: Record<string, string>,
  stdout: 'pipe' | number = 'pipe',
  ...args: string[]
): Program {
  return watch(
    spawn(process.execPath, ['--expose-gc', '--import', probe.href, ...programOf(args)], {
      cwd: '/',
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', stdout, 'pipe', 'ipc'],
    }),
  );
}

function watch(child: ChildProcess): Program {
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue;
    createInterface({ input: stream }).on('line', (text) => {
      lines.push(text);
      for (const check of waiting) check();
    });
  }
  const exit = once(child, 'close').then(([code]) => code as number | null);
  return {
    child,
    lines,
    exit,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const check = () => {
          const found = lines.find((text) => pattern.test(text));
          if (found === undefined) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        exit.then(() => reject(new Error(`no ${pattern} in:\n${lines.join('\n')}`)));
        check();
      }),
  };
}
