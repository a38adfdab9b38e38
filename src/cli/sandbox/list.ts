import type { Command } from 'commander';
import { connect } from '../account.ts';
import { action } from '../cli.ts';
import { readMemory } from '../memory.ts';
import { pair } from '../options.ts';
import { oneLine } from '../printable.ts';

interface Options {
  readonly label?: Record<string, string>;
}

export function addList(parent: Command): void {
  parent
    .command('list')
    .description('list the organization’s sandboxes; a star is before the one created last')
    .option('--label <k=v>', 'those with this label; may be given again', pair)
    .action(
      action<Options>(async (cli, _operands, { label }) => {
        const daytona = await connect(cli.config);
        const remembered = (await readMemory().catch(() => undefined))?.id;
        const sandboxes = [];
        for await (const found of daytona.list(label && { labels: label })) {
          const { id, name, state = 'unknown', labels, createdAt } = found;
          const isPublic = found.public;
          sandboxes.push({ id, name, state, public: isPublic, labels, createdAt });
        }
        const rows = sandboxes.map((one) => [
          one.id === remembered ? '*' : ' ',
          one.id,
          oneLine(one.name),
          one.state,
          one.public ? 'public' : 'private',
          oneLine(labelText(one.labels)),
        ]);
        const head = [' ', 'ID', 'NAME', 'STATE', 'ACCESS', 'LABELS'];
        const none = label ? 'No sandbox has this label.' : 'There are no sandboxes.';
        const text = rows.length > 0 ? table([head, ...rows]) : none;
        cli.result({ sandboxes }, text);
      }),
    );
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
