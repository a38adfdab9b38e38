import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { describe, test } from '@jest/globals';
import { findBinary } from './findBinary.ts';
import { closeServer, listen } from './rig.ts';

/**
 * Describes tests that need an installed program; `fn` gets its path. Where it is missing they fail
 * in CI, so that nothing goes untested unnoticed, and are skipped elsewhere, which is printed.
 */
export function describeWith(binary: string, name: string, fn: (path: string) => void): void {
  const path = findBinary(binary);
  if (path !== undefined) {
    describe(name, () => fn(path));
  } else if (process.env.CI) {
    test(`${name}: needs ${binary}`, () => {
      throw new Error(`${binary} is not installed`);
    });
  } else {
    console.warn(`${binary} is not installed; skipped: ${name}`);
    describe.skip(name, () => fn(binary));
  }
}

/** A running program. */
export interface Running {
  /** Every line that it has printed on standard error so far. */
  readonly log: readonly string[];
  /** Ends it by SIGTERM and waits until it is gone. */
  close(): Promise<void>;
}

/**
 * Starts an installed program, and resolves as soon as it prints that it is ready.
 *
 * @throws where it is not installed, or ends before: then with what it printed
 */
export async function startBinary(
  name: string,
  args: readonly string[],
  ready: RegExp,
  env: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const binary = findBinary(name);
  if (binary === undefined) throw new Error(`${name} is not installed`);
  const child = spawn(binary, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  const log: string[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr })
      .on('line', (line) => {
        log.push(line);
        if (ready.test(line)) resolve();
      })
      .on('close', () => reject(new Error(`${name} ended:\n${log.join('\n')}`)));
  });
  return {
    log,
    close: async () => {
      child.kill();
      await exited;
    },
  };
}

/** Two ports that are free at this moment, for programs that cannot choose and tell. */
export async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()] as const;
  const ports = await Promise.all([listen(servers[0]), listen(servers[1])]);
  await Promise.all(servers.map(closeServer));
  return ports;
}
