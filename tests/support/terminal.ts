import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { Caller } from './command.ts';

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** Starts a command whose standard output and error are one terminal. */
export function inTerminal(
  program: string,
  args: readonly string[],
  { folder }: Caller,
  env: Readonly<Record<string, string>>,
): { seen(): string; readonly ended: Promise<string> } {
  const line = [process.execPath, program, ...args].map(quoted).join(' ');
  let seen = '';
  const child = execFile('script', ['-qec', line, '/dev/null'], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
  });
  child.stdin?.end();
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    seen += text;
  });
  return { seen: () => seen, ended: once(child, 'close').then(() => seen) };
}
