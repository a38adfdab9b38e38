import type { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { egressPassword, egressUrl, isSandboxId } from '../egress/credentials.ts';
import { action } from './cli.ts';
import { CommandError, UsageError } from './failure.ts';
import { called } from './name.ts';

/** Variables of a command in a sandbox, such as `HTTPS_PROXY` and `NO_PROXY`. */
export type Variables = Readonly<Record<string, string>>;

/** The way out of a sandbox through the egress proxy, with the sandbox's own credential in it. */
interface WayOut {
  readonly user: string;
  readonly password: string;
  readonly url: string;
  /** By which programs find it: each knows some of them. */
  readonly environment: Variables;
}

/** What never leaves the sandbox, and needs no proxy. */
const inside = 'localhost,127.0.0.1,::1';

/**
 * Gives what derives the way out of each sandbox.
 *
 * @throws CommandError where EGRESS_URL or EGRESS_SECRET is not set
 */
export function egressOf({ EGRESS_URL: address, EGRESS_SECRET: secrets }: Config) {
  const [secret] = secrets;
  if (address === undefined || secret === undefined) {
    const missing = address === undefined ? 'EGRESS_URL' : 'EGRESS_SECRET';
    throw new CommandError(
      `${missing} is not set. Put it into .env as the egress proxy has it: EGRESS_URL is its address as sandboxes reach it, http://egress.example.com:3128 say, and EGRESS_SECRET the secret of their passwords.`,
    );
  }
  return (sandboxId: string): WayOut => {
    const url = egressUrl(address, secret, sandboxId);
    const environment = {
      HTTPS_PROXY: url,
      https_proxy: url,
      HTTP_PROXY: url,
      http_proxy: url,
      NO_PROXY: inside,
      no_proxy: inside,
      NODE_USE_ENV_PROXY: '1',
    };
    return { user: sandboxId, password: egressPassword(secret, sandboxId), url, environment };
  };
}

/** Writes variables as a shell reads them. */
export function exported(variables: Variables): string {
  const each = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`);
  return `export ${each.join(' ')}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** `egress`: runs the egress proxy; `egress credential` says what a sandbox gets of it. */
export function addEgress(program: Command, stay: () => void): void {
  const egress = program
    .command('egress')
    .description('run the proxy for what sandboxes ask of the outside, until a signal stops it')
    .action(
      action<object>(async ({ json }) => {
        stay();
        const { runEgress } = await import('../egress/runEgress.ts');
        await runEgress(json ? 'json' : undefined);
      }),
    );
  egress
    .command('credential')
    .description('say what leads a sandbox through it, as a line for a shell in that sandbox')
    .argument('<id>', 'the sandbox’s id, not its name')
    .action(
      action<object>(async (cli, [said = '']) => {
        if (!isSandboxId(said)) {
          throw new UsageError(
            `${JSON.stringify(said)} is not a sandbox’s id. Ids are shown by \`${called('sandbox list')}\`.`,
          );
        }
        const wayOut = egressOf(cli.config)(said);
        cli.result(wayOut, exported(wayOut.environment));
      }),
    );
}
