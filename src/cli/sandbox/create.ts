import type { Sandbox } from '@daytonaio/sdk';
import type { Command } from 'commander';
import { connect } from '../account.ts';
import { runInBackground } from '../background.ts';
import { action, type Cli } from '../cli.ts';
import { egressOf } from '../egress.ts';
import { memoryFile, writeMemory } from '../memory.ts';
import { called } from '../name.ts';
import { domains, networks, pair, port, timeOption, variable, wholeNumber } from '../options.ts';
import { OwnProxy } from '../ownProxy.ts';
import { untilAnswered } from '../readiness.ts';
import { interruption, Leftovers } from './leftovers.ts';
import { type CreateOptions, type Wish, wishOf } from './wish.ts';

export function addCreate(parent: Command): void {
  parent
    .command('create')
    .description('create a sandbox, run OpenCode in it, and say its address once it answers')
    .option('--image <image>', 'an image of a registry; the first time it is built, for minutes')
    .option('--snapshot <name>', 'a snapshot of Daytona’s; without both, its default one')
    .option('--name <name>', 'what it is called; `opencode-…` if not given')
    .option('--port <port>', 'the port to wait for, which OpenCode listens on', port, 4096)
    .option('--command <line>', 'runs this in the background in the place of OpenCode')
    .option('--public', 'Daytona’s own preview of it is open to everybody')
    .option('--label <k=v>', 'a label; may be given again', pair)
    .option('--env <K=V>', 'a variable of its environment, K alone with our own value', variable)
    .option('--cpu <cores>', 'with --image', wholeNumber)
    .option('--memory <GiB>', 'with --image', wholeNumber)
    .option('--disk <GiB>', 'with --image', wholeNumber)
    .option('--auto-stop <minutes>', 'stops it when so long nobody came; 0 never', wholeNumber, 30)
    .option('--allow-domain <domain>', 'it reaches only these; may be given again', domains)
    .option('--allow-network <cidr>', 'it reaches only these; may be given again', networks)
    .option('--egress', 'leads what it asks of the internet through the egress proxy')
    .addOption(timeOption('--timeout <time>', 'for Daytona to make and start it', '10m'))
    .addOption(timeOption('--wait <time>', 'for the port to answer then', '2m'))
    .action(action<CreateOptions>((cli, _operands, options) => create(cli, options)));
}

async function create(cli: Cli, options: CreateOptions): Promise<void> {
  const { config } = cli;
  const wish = wishOf(options);
  const leftovers = new Leftovers(wish.name);
  try {
    await Promise.race([interruption(), makeAndRun(cli, options, wish, leftovers)]);
  } catch (error) {
    throw await leftovers.toldWith(error, config.DAYTONA_API_URL);
  }
}

async function makeAndRun(
  cli: Cli,
  options: CreateOptions,
  { name, command, params }: Wish,
  leftovers: Leftovers,
): Promise<void> {
  const { config } = cli;
  // What can fail does so before there is anything that costs.
  const wayOut = options.egress ? egressOf(config) : undefined;
  const proxy = await OwnProxy.of(config);
  await proxy.check();
  const daytona = await connect(config);
  cli.progress(`Creating ${name} at ${config.DAYTONA_API_URL} …`);
  leftovers.asked();
  const { timeout } = options;
  const onSnapshotCreateLogs = (text: string) => cli.progress(`  | ${text}`);
  const sandbox = await ('image' in params
    ? daytona.create(params, { timeout, onSnapshotCreateLogs })
    : daytona.create(params, { timeout }));
  leftovers.made(sandbox);
  const { id } = sandbox;
  const { port: at } = options;
  const createdAt = new Date().toISOString();
  const egress = wayOut !== undefined;
  const remembered = await writeMemory({ id, name, port: at, command, egress, createdAt }).then(
    () => `which ${memoryFile} remembers`,
    ({ message }: Error) => `which could not be remembered (${message})`,
  );
  cli.progress(`It is ${id}, ${remembered}. Running: ${command}`);
  await runInBackground(sandbox, command, wayOut?.(id).environment);
  cli.progress(`Waiting for port ${at} to answer through the proxy …`);
  const seconds = options.wait;
  const answeredAfterMs = await untilAnswered(cli, proxy, sandbox, { port: at, seconds });
  const url = proxy.urlOf(id, at);
  for (const hint of hints(cli, options, sandbox)) cli.progress(hint);
  const { public: open } = sandbox;
  cli.result({ id, name, url, port: at, command, public: open, egress, answeredAfterMs }, url);
}

/** What somebody may not have thought of who now has an address. */
function hints({ config }: Cli, options: CreateOptions, { id }: Sandbox) {
  const { command, env, port: at } = options;
  const open = config.ACCESS_MODE === 'open';
  const unlocked = command === undefined && !env?.OPENCODE_SERVER_PASSWORD;
  return [
    ...(open && unlocked
      ? [
          'Whoever knows this address has a terminal in it: ACCESS_MODE=private, or --env OPENCODE_SERVER_PASSWORD=…, closes it.',
        ]
      : []),
    ...(open
      ? []
      : [
          `ACCESS_MODE=${config.ACCESS_MODE}: without a login it opens by ${called(`sandbox url ${id} ${at} --share 1h`)}`,
        ]),
    ...(options.egress
      ? [`Other shells in it find the way out by ${called(`egress credential ${id}`)}`]
      : []),
    ...(options.egress && !options.allowNetwork
      ? [
          'A program that ignores HTTPS_PROXY goes past the egress proxy: --allow-network with the address of that proxy alone makes it a wall.',
        ]
      : []),
  ];
}
