import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { environment } from '../config/environment.ts';
import { action } from './cli.ts';
import { addDoctor } from './doctor/doctor.ts';
import { addEgress } from './egress.ts';
import { explain } from './failure.ts';
import { printableJson, write } from './printable.ts';
import { addSandbox } from './sandbox/sandbox.ts';
import { addShare } from './share.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

/**
 * Runs one command line and ends the process: with code 0, with 1 where it failed, with 2 where it
 * was wrong. What serves goes on until a signal.
 */
export async function run(args: readonly string[]): Promise<void> {
  let stays = false;
  const program = createProgram(() => {
    stays = true;
  });
  let exitCode = 0;
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    exitCode = await report(error, args.includes('--json'));
  }
  if (stays && exitCode === 0) return;
  // Idle connections would keep the process for seconds; what was written goes out before.
  process.stdout.write('', () => process.exit(exitCode));
}

async function report(error: unknown, json: boolean): Promise<number> {
  const { exitCode, message, facts } = await explain(error, environment().DAYTONA_API_URL);
  if (exitCode === 0) return 0;
  // Commander has put its own into words already.
  if (!(error instanceof CommanderError)) write(process.stderr, `${message}\n`);
  if (json) write(process.stdout, `${printableJson({ error: { message, ...facts } })}\n`);
  return exitCode;
}

function createProgram(stay: () => void): Command {
  const program = new Command('daytona-proxy')
    .description('Every port of a Daytona sandbox at its own address, and sandboxes to go with it.')
    .version(version)
    .option('--json', 'one JSON object on standard output, for programs')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(`--help` behind it says what there is)')
    .addHelpText(
      'after',
      '\nSettings are read from the environment and from .env in this folder, as the proxy reads them.\nExit codes: 0 done, 1 failed, 2 called wrongly.',
    );
  addSandbox(program);
  addShare(program);
  program
    .command('serve')
    .description('run the proxy until a signal stops it; what `npm start` does')
    .action(
      action<object>(async ({ json }) => {
        stay();
        const { serve } = await import('../serve.ts');
        await serve(json ? 'json' : undefined);
      }),
    );
  program
    .command('demo')
    .description('run the proxy with an embedded Daytona, for which nothing else is needed')
    .option('--platform', 'in the place of a self-hosted Daytona’s own proxy')
    .action(
      action<{ platform?: boolean }>(async ({ json }, _operands, { platform = false }) => {
        stay();
        const { runDemo } = await import('../demo/run.ts');
        await runDemo({ platform, json });
      }),
    );
  addEgress(program, stay);
  addDoctor(program);
  return program;
}
