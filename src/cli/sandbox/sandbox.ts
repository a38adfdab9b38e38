import type { Command } from 'commander';
import { survivesReaders } from '../readers.ts';
import { addCreate } from './create.ts';
import { addDelete } from './delete.ts';
import { addList } from './list.ts';
import { addLogs } from './logs.ts';
import { addPower } from './power.ts';
import { addTest } from './test.ts';
import { addUrl } from './url.ts';

/** `sandbox …`: sandboxes from nothing to an address, and back to nothing. */
export function addSandbox(program: Command): void {
  const sandbox = program
    .command('sandbox')
    .description('create sandboxes with OpenCode, look at them, delete them')
    .addHelpText(
      'after',
      '\nWhere a sandbox is not named, the one is meant that was created last from this folder.',
    );
  survivesReaders(sandbox);
  addCreate(sandbox);
  addList(sandbox);
  addTest(sandbox);
  addLogs(sandbox);
  addUrl(sandbox);
  addPower(sandbox);
  addDelete(sandbox);
}
