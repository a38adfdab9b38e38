import { createInterface } from 'node:readline/promises';
import type { Sandbox } from '@daytonaio/sdk';
import type { Command } from 'commander';
import { connect, findSandbox } from '../account.ts';
import { action, type Cli } from '../cli.ts';
import { CommandError, explain, UsageError } from '../failure.ts';
import { forget } from '../memory.ts';
import { pair } from '../options.ts';
import { oneLine } from '../printable.ts';

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
  // A Daytona that does not know this way to ask for labels would answer with all there are.
  const wanted = Object.entries(labels);
  return found.filter((one) => wanted.every(([name, value]) => one.labels[name] === value));
}

/** @throws CommandError unless somebody says yes */
async function confirm(cli: Cli, doomed: readonly Sandbox[]): Promise<void> {
  for (const { id, name, state } of doomed) cli.progress(`  ${id}  ${oneLine(name)}  ${state}`);
  const what = doomed.length === 1 ? 'this sandbox' : `these ${doomed.length} sandboxes`;
  const lines = createInterface({ input: process.stdin });
  process.stderr.write(`Delete ${what} and all that is in it? [y/N] `);
  const ended = new Promise<undefined>((done) => lines.once('close', () => done(undefined)));
  const said = new Promise<string>((done) => lines.once('line', done));
  const answer = await Promise.race([said, ended]);
  lines.close();
  if (answer === undefined) {
    process.stderr.write('\n');
    throw new UsageError('Nobody answers. Nothing was deleted; --yes deletes without a question.');
  }
  if (!/^\s*y(?:es)?\s*$/i.test(answer)) throw new CommandError('Nothing was deleted.');
}

/** One that cannot be deleted keeps nothing from the others. */
async function deleteAll(cli: Cli, doomed: readonly Sandbox[]): Promise<void> {
  const deleted: Sandbox[] = [];
  const failed: { readonly id: string; readonly reason: string }[] = [];
  for (const sandbox of doomed) {
    const { id } = sandbox;
    try {
      await sandbox.delete();
    } catch (error) {
      // Somebody else may have been faster, which is as good.
      if ((error as { statusCode?: number }).statusCode !== 404) {
        if (doomed.length === 1) throw error;
        const { message: reason } = await explain(error, cli.config.DAYTONA_API_URL);
        failed.push({ id, reason });
        continue;
      }
    }
    deleted.push(sandbox);
    await forget(id);
  }
  const names = `Deleted: ${deleted.map(({ name }) => oneLine(name)).join(', ') || 'none'}`;
  if (failed.length === 0) return cli.result({ deleted: deleted.map(({ id }) => id) }, names);
  throw new CommandError(
    `${names}\nNot deleted:\n${failed.map(({ id, reason }) => `  ${id}  ${reason}`).join('\n')}`,
    { deleted: deleted.map(({ id }) => id), failed },
  );
}
