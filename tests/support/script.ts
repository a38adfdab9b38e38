import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the scripts are that come with the product. */
export const dockerFolder = fileURLToPath(new URL('../../docker', import.meta.url));

/** How a program has ended, and all that it has printed. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/**
 * Runs a program in a folder, which is its home folder too, with nothing else in the environment.
 *
 * @param path where programs are looked for
 */
export const execute = (
  folder: string,
  file: string,
  args: readonly string[],
  path = process.env.PATH,
) =>
  new Promise<Outcome>((resolve) =>
    execFile(file, args, { cwd: folder, env: { PATH: path, HOME: folder } }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out, err }),
    ),
  );

/** Runs a script of `docker/` so. */
export const runScript = (folder: string, name: string, ...args: string[]) =>
  execute(folder, join(dockerFolder, name), args);
