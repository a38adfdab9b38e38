import type { Command } from 'commander';

/**
 * Lets a command outlive who reads what it says, such as `head`: without a reader of its result
 * there is nothing left to do, but what it tells of its progress must not end it half-way.
 */
export function survivesReaders(command: Command): void {
  command.hook('preAction', () => {
    process.stdout.on('error', () => process.exit(1));
    process.stderr.on('error', () => {});
  });
}
