import type { Daytona, Sandbox } from '@daytonaio/sdk';
import type { Config } from '../config/config.ts';
import { CommandError, UsageError } from './failure.ts';
import { readMemory } from './memory.ts';
import { called } from './name.ts';

const requestTimeoutMs = 60_000;

/** The organization's Daytona. The SDK is loaded here: who only wants to read help need not wait. */
export async function connect(config: Config): Promise<Daytona> {
  const { DAYTONA_API_KEY: apiKey, DAYTONA_API_URL: apiUrl } = config;
  if (apiKey === undefined) {
    throw new CommandError(
      'Set DAYTONA_API_KEY: the platform’s key for its proxy does not open sandboxes to this command.',
    );
  }
  const { Daytona } = await import('@daytonaio/sdk');
  return new Daytona({ apiKey, apiUrl, requestTimeoutMs, useDeprecatedPolling: true });
}

/** Finds a sandbox by its id or name; the one that was created last where neither is said. */
export async function findSandbox(config: Config, said: string | undefined): Promise<Sandbox> {
  const id = said ?? (await readMemory())?.id;
  if (id === undefined) {
    throw new UsageError(
      `Say which sandbox: its id or name, which \`${called('sandbox list')}\` shows. None was created from this folder.`,
    );
  }
  // In the path of a call these are no names of anything: what an empty variable of a script leaves
  // behind would ask for the list of all sandboxes.
  if (/^\.{0,2}$/.test(id)) throw new UsageError(`"${id}" is no sandbox. Say its id or name.`);
  return (await connect(config)).get(id);
}
