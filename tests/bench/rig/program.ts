import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, closeSync, constants, mkdtempSync, openSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { delimiter, join } from 'node:path';
import { scratch } from './scratch.ts';

/** A running child process. */
export interface Program {
  readonly pid: number;
  /** The file that it writes its standard output to. */
  readonly logFile: string;
  readonly ended: boolean;
  /** The last that it said, for the message of a failure. */
  lastWords(): string;
  /** Ends it and its children at once. */
  stop(): Promise<void>;
}

export interface ProgramOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Cores to pin it to; those of this process if not given. */
  readonly cores?: string | undefined;
}

/** Process groups to end with this process, however it ends. */
const groups = new Set<number>();
process.on('exit', () => {
  for (const group of groups) endGroup(group);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => process.exit(130));
}

/** Starts a program in a fresh folder, with nothing in its environment but PATH and `env`. */
export function startProgram(
  file: string,
  args: readonly string[],
  { env = {}, cores }: ProgramOptions = {},
): Program {
  const folder = mkdtempSync(join(scratch, 'run-'));
  const [logFile, errorFile] = [join(folder, 'stdout.log'), join(folder, 'stderr.log')];
  const [out, err] = [openSync(logFile, 'a'), openSync(errorFile, 'a')];
  // taskset becomes the program: the process id stays.
  const command = cores === undefined ? [file, ...args] : ['taskset', '-c', cores, file, ...args];
  const child = spawn(command[0] ?? file, command.slice(1), {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, ...env },
    detached: true, // A group of its own, so that its children end with it.
    stdio: ['ignore', out, err],
  });
  closeSync(out);
  closeSync(err);
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${command[0]}`);
  groups.add(pid);
  const exit = once(child, 'exit').then(() => {
    endGroup(pid);
    groups.delete(pid);
  });
  return {
    pid,
    logFile,
    get ended() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    lastWords: () =>
      [errorFile, logFile].map((path) => readFileSync(path, 'utf8').slice(-1000)).join(''),
    stop: async () => {
      endGroup(pid);
      await exit;
    },
  };
}

function endGroup(group: number): void {
  try {
    process.kill(-group, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** Where Debian installs servers, which only root's PATH has. */
const serverFolders = ['/usr/local/sbin', '/usr/sbin'];

/** Finds an installed program; undefined where there is none. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...serverFolders];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Asks an installed program for its version; undefined where it is not installed. */
export function programVersion(name: string, flag: string): string | undefined {
  const file = findProgram(name);
  if (!file) return undefined;
  const { stdout, stderr } = spawnSync(file, [flag], { encoding: 'utf8' });
  return /\d+\.\d+(?:\.\d+)?/.exec(stdout + stderr)?.[0] ?? 'unknown version';
}

/** A port that is free at this moment, for programs that cannot choose and tell. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
