import type { Sandbox } from '@daytonaio/sdk';
import type { Command } from 'commander';
import { findSandbox } from '../account.ts';
import { findCommand, runInBackground } from '../background.ts';
import { action, type Cli } from '../cli.ts';
import { egressOf } from '../egress.ts';
import { type Memory, readMemory } from '../memory.ts';
import { timeOption } from '../options.ts';
import { OwnProxy } from '../ownProxy.ts';
import { untilAnswered } from '../readiness.ts';
import { interruption, toldOfStart } from './leftovers.ts';

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
      action<Options>(async (cli, [said], options) => {
        const sandbox = await findSandbox(cli.config, said);
        const remembered = await readMemory().catch((error: Error) => {
          cli.progress(`${error.message} No command is run.`);
          return undefined;
        });
        const ours = remembered?.id === sandbox.id ? remembered : undefined;
        await (ours
          ? startWithCommand(cli, sandbox, ours, options)
          : startAlone(cli, sandbox, options));
      }),
    );
}

async function startAlone(cli: Cli, sandbox: Sandbox, { timeout }: Options): Promise<void> {
  if (sandbox.state !== 'started') await sandbox.start(timeout);
  const { id, name, state } = sandbox;
  cli.result({ id, name, state }, `${name} is ${state}.`);
}

async function startWithCommand(
  cli: Cli,
  sandbox: Sandbox,
  remembered: Memory,
  options: Options,
): Promise<void> {
  // What can fail does so before there is anything that costs.
  const environment = remembered.egress ? egressOf(cli.config)(sandbox.id).environment : undefined;
  const proxy = await OwnProxy.of(cli.config);
  await proxy.check();
  try {
    const run = () => runAgain(cli, proxy, sandbox, { ...remembered, environment }, options);
    await Promise.race([interruption(), run()]);
  } catch (error) {
    throw await toldOfStart(sandbox, error, cli.config.DAYTONA_API_URL);
  }
}

type Again = Memory & { readonly environment: Readonly<Record<string, string>> | undefined };

async function runAgain(
  cli: Cli,
  proxy: OwnProxy,
  sandbox: Sandbox,
  { port, command, environment }: Again,
  { timeout, wait: seconds }: Options,
): Promise<void> {
  const { id, name } = sandbox;
  const stood = sandbox.state !== 'started';
  if (stood) {
    cli.progress(`Starting ${name} …`);
    await sandbox.start(timeout);
  }
  // No process outlives a stop; what runs, because nobody stopped it, is left alone.
  const before = stood ? undefined : await findCommand(sandbox);
  if (before && before.exitCode === undefined) {
    cli.progress(`Runs already: ${before.command}`);
  } else {
    cli.progress(`Running: ${command}`);
    await runInBackground(sandbox, command, environment);
  }
  const answeredAfterMs = await untilAnswered(cli, proxy, sandbox, { port, seconds });
  const url = proxy.urlOf(id, port);
  const { state } = sandbox;
  cli.result({ id, name, state, url, port, command, answeredAfterMs }, url);
}
