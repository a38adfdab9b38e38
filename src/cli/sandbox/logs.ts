import type { Command } from 'commander';
import { findSandbox } from '../account.ts';
import { findCommand, logOf, sessionId } from '../background.ts';
import { action } from '../cli.ts';
import { CommandError, UsageError } from '../failure.ts';
import { called } from '../name.ts';
import { write } from '../printable.ts';

interface Options {
  readonly follow?: boolean;
}

export function addLogs(parent: Command): void {
  parent
    .command('logs')
    .description('show what its command has written')
    .argument('[sandbox]', 'its id or name')
    .option('--follow', 'and what it writes from now on, to its end')
    .action(
      action<Options & { json?: boolean }>(async (cli, [said], { follow = false }) => {
        if (follow && cli.json) {
          throw new UsageError('--follow has no end that --json could wait for. Leave out one.');
        }
        const sandbox = await findSandbox(cli.config, said);
        if (sandbox.state !== 'started') {
          throw new CommandError(
            `${sandbox.name} is ${sandbox.state}, and a log ends with its sandbox. Start it by: ${called(`sandbox start ${sandbox.id}`)}`,
          );
        }
        const command = await findCommand(sandbox);
        if (!command) {
          throw new CommandError(
            `Nothing that this command has begun runs in ${sandbox.name}. Begin it by: ${called(`sandbox start ${sandbox.id}`)}`,
          );
        }
        if (!follow) {
          const log = await logOf(sandbox, command);
          const { command: line, exitCode } = command;
          cli.result({ id: sandbox.id, command: line, exitCode, ...log }, log.output.trimEnd());
          return;
        }
        await sandbox.process.getSessionCommandLogs(
          sessionId,
          command.id,
          (text) => write(process.stdout, text),
          (text) => write(process.stderr, text),
        );
      }),
    );
}
