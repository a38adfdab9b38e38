import { createInterface } from 'node:readline/promises';
import type { Sandbox } from '@daytonaio/sdk';
import type { Command } from 'commander';
import { connect, findSandbox } from '../account.ts';
import { action, type Cli } from '../cli.ts';
import { CommandError, UsageError } from '../failure.ts';
import { forget } from '../memory.ts';
import { pair } from '../options.ts';

interface Options {
  readonly allLabelled?: Record<string, string>;
  readonly yes?: boolean;
}

export function addDelete(parent: Command): void {
  parent
    .command('delete')
    .description('delete a sandbox and all that is in it; asks first')
    .argument('[sandbox]', 'its id or name')
    .option('--all-labelled <k=v>', 'all with this label; given again, with each of them', pair)
    .option('--yes', 'does not ask')
    .action(
      action<Options>(async (cli, [said], { allLabelled, yes = false }) => {
        if (said !== undefined && allLabelled) {
          throw new UsageError('Say which sandbox, or --all-labelled, not both.');
        }
        const doomed = allLabelled
          ? await labelled(cli, allLabelled)
          : [await findSandbox(cli.config, said)];
        if (doomed.length === 0) {
          cli.result({ deleted: [] }, 'No sandbox has this label. Nothing was deleted.');
          return;
        }
        if (!yes) await confirm(cli, doomed);
        await deleteAll(cli, doomed);
      }),
    );
}

async function labelled(cli: Cli, labels: Record<string, string>): Promise<Sandbox[]> {
  const found: Sandbox[] = [];
  for await (const sandbox of (await connect(cli.config)).list({ labels })) found.push(sandbox);
  return found;
}

/** @throws CommandError unless somebody says yes */
async function confirm(cli: Cli, doomed: readonly Sandbox[]): Promise<void> {
  for (const { id, name, state } of doomed) cli.progress(`  ${id}  ${name}  ${state}`);
  const what = doomed.length === 1 ? 'this sandbox' : `these ${doomed.length} sandboxes`;
  const lines = createInterface({ input: process.stdin });
  process.stderr.write(`Delete ${what} and all that is in it? [y/N] `);
  const ended = new Promise<undefined>((done) => lines.once('close', () => done(undefined)));
  const said = new Promise<string>((done) => lines.once('line', done));
  const answer = await Promise.race([said, ended]);
  lines.close();
  if (answer === undefined) {
    throw new UsageError(
      '\nNobody answers. Nothing was deleted; --yes deletes without a question.',
    );
  }
  if (!/^\s*y(?:es)?\s*$/i.test(answer)) throw new CommandError('Nothing was deleted.');
}

async function deleteAll(cli: Cli, doomed: readonly Sandbox[]): Promise<void> {
  const deleted: string[] = [];
  for (const sandbox of doomed) {
    try {
      await sandbox.delete();
    } catch (error) {
      // Somebody else may have been faster, which is as good.
      if ((error as { statusCode?: number }).statusCode !== 404) {
        if (deleted.length > 0) cli.progress(`Deleted before that: ${deleted.join(', ')}`);
        throw error;
      }
    }
    deleted.push(sandbox.id);
    await forget(sandbox.id);
  }
  cli.result({ deleted }, `Deleted: ${doomed.map(({ name }) => name).join(', ')}`);
}
