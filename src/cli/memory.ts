import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { CommandError } from './failure.ts';

/** The file in the working folder that remembers the sandbox that was created last. */
export const memoryFile = '.daytona-sandbox.json';

const memory = z.object({
  id: z.string().min(1),
  name: z.string(),
  /** The port that `command` listens on. */
  port: z.number(),
  command: z.string(),
  /** Whether what it asks of the outside goes through the egress proxy. */
  egress: z.boolean().default(false),
  createdAt: z.string(),
});
export type Memory = z.output<typeof memory>;

/** @throws CommandError where there is something else in the file */
export async function readMemory(): Promise<Memory | undefined> {
  const text = await readFile(memoryFile, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return memory.parse(JSON.parse(text));
  } catch {
    throw new CommandError(`${memoryFile} cannot be read. Delete it, or say which sandbox.`);
  }
}

/** For its owner alone, since a command may contain a secret; and never half of it. */
export async function writeMemory(facts: Memory): Promise<void> {
  const beside = `${memoryFile}.${process.pid}`;
  await writeFile(beside, `${JSON.stringify(facts, null, 2)}\n`, { mode: 0o600 });
  await rename(beside, memoryFile);
}

/** Forgets a sandbox that is gone; another one stays remembered. */
export async function forget(id: string): Promise<void> {
  const remembered = await readMemory().catch(() => undefined);
  if (remembered?.id === id) await rm(memoryFile, { force: true });
}
