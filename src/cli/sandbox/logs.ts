import type { Command } from 'commander';
import { findSandbox } from '../account.ts';
import { findCommand, logOf, sessionId } from '../background.ts';
import { action, type Cli } from '../cli.ts';
import { CommandError } from '../failure.ts';
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
      action<Options>(async (cli, [said], { follow = false }) => {
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
          (text) => tell(cli, 'stdout', text),
          (text) => tell(cli, 'stderr', text),
        );
      }),
    );
}

/** A program gets each piece as an object on a line of its own, since there is no end to wait for. */
function tell({ json }: Cli, stream: 'stdout' | 'stderr', text: string): void {
  if (json) process.stdout.write(`${JSON.stringify({ stream, text })}\n`);
  else write(process[stream], text);
}
