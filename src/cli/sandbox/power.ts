import type { Command } from 'commander';
import { findSandbox } from '../account.ts';
import { runInBackground } from '../background.ts';
import { action } from '../cli.ts';
import { egressOf } from '../egress.ts';
import { readMemory } from '../memory.ts';
import { timeOption } from '../options.ts';
import { OwnProxy } from '../ownProxy.ts';
import { credentialOf, untilAnswered } from '../readiness.ts';

interface Options {
  readonly timeout: number;
  readonly wait: number;
}

export function addPower(parent: Command): void {
  parent
    .command('stop')
    .description('stop a sandbox; its disk stays, its processes end')
    .argument('[sandbox]', 'its id or name')
    .addOption(timeOption('--timeout <time>', 'for Daytona to do it', '2m'))
    .action(
      action<Options>(async (cli, [said], { timeout }) => {
        const sandbox = await findSandbox(cli.config, said);
        const { id, name } = sandbox;
        if (sandbox.state !== 'stopped') await sandbox.stop(timeout);
        cli.result({ id, name, state: sandbox.state }, `${name} is ${sandbox.state}.`);
      }),
    );
  parent
    .command('start')
    .description('start a sandbox, and in the one created last its command too')
    .argument('[sandbox]', 'its id or name')
    .addOption(timeOption('--timeout <time>', 'for Daytona to do it', '5m'))
    .addOption(timeOption('--wait <time>', 'for the port to answer then', '2m'))
    .action(
      action<Options>(async (cli, [said], { timeout, wait: seconds }) => {
        const sandbox = await findSandbox(cli.config, said);
        const { id, name } = sandbox;
        const remembered = await readMemory().catch(() => undefined);
        const port = remembered?.id === id ? remembered.port : undefined;
        const before = port === undefined ? undefined : await credentialOf(sandbox, port);
        const wayOut = remembered?.egress ? egressOf(cli.config) : undefined;
        if (sandbox.state !== 'started') {
          cli.progress(`Starting ${name} …`);
          await sandbox.start(timeout);
        }
        // No process outlives a stop, so what was run in it is run anew.
        if (!remembered || port === undefined || !before) {
          cli.result({ id, name, state: sandbox.state }, `${name} is ${sandbox.state}.`);
          return;
        }
        const { command } = remembered;
        const proxy = await OwnProxy.of(cli.config);
        await proxy.check();
        cli.progress(`Running: ${command}`);
        await runInBackground(sandbox, command, wayOut?.(id).environment);
        const answeredAfterMs = await untilAnswered(cli, proxy, sandbox, { port, seconds, before });
        const url = proxy.urlOf(id, port);
        const { state } = sandbox;
        cli.result({ id, name, state, url, port, command, answeredAfterMs }, url);
      }),
    );
}
