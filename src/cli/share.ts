import type { Command } from 'commander';
import type { Config } from '../config/config.ts';
import { readJson } from './answer.ts';
import { action } from './cli.ts';
import { CommandError, UsageError } from './failure.ts';
import { called } from './name.ts';
import { port, timeOption } from './options.ts';
import { OwnProxy } from './ownProxy.ts';

const patienceMs = 15_000;

/** What is shared, as the proxy wants to hear it. */
export interface Wish {
  readonly sandboxId: string;
  readonly port: number;
  readonly pathPrefix: string;
  readonly readOnly: boolean;
  readonly expiresInSeconds: number;
}

export interface ShareLink {
  readonly url: string;
  readonly id: string;
  readonly expiresAt: string;
}

interface Options {
  readonly expires: number;
  readonly path: string;
  readonly readOnly?: boolean;
  readonly end?: string;
}

/** `share`: asks the proxy that runs on this machine for a share link, or ends one. */
export function addShare(program: Command): void {
  program
    .command('share')
    .description('make a link that opens one port of a sandbox for a while, or end one')
    .argument('[sandbox]', 'its id or name')
    .argument('[port]', 'the port that the link opens', port)
    .addOption(
      timeOption('--expires <time>', 'how long it works: 90s, 30m, 12h, 7d; at most 30d', '1h'),
    )
    .option('--path <path>', 'only what is below this path', '/')
    .option('--read-only', 'no writes and no WebSockets')
    .option('--end <share>', 'ends a link at once')
    .addHelpText('after', '\nADMIN_TOKEN, PORT and TLS_CERT_FILE are those of the proxy.')
    .action(
      action<Options>(async (cli, [sandboxId, given], options) => {
        const { expires, path, readOnly = false, end } = options;
        if (end !== undefined) {
          await endShare(cli.config, end);
          cli.result({ ended: end }, 'Ended.');
          return;
        }
        if (sandboxId === undefined || given === undefined) {
          throw new UsageError(
            `Say what to share: ${called('share <sandboxId> <port>')}, or --end <shareId>.`,
          );
        }
        const link = await makeShare(cli.config, {
          sandboxId,
          port: Number(given),
          pathPrefix: path,
          readOnly,
          expiresInSeconds: expires,
        });
        const { url, expiresAt, id } = link;
        cli.result(
          link,
          `${url}\n\nworks until ${expiresAt}; end it before by: ${called(`share --end ${id}`)}`,
        );
      }),
    );
}

/** @throws CommandError that says what to do */
export async function makeShare(config: Config, wish: Wish): Promise<ShareLink> {
  return (await call(config, 'POST', '/shares', wish)) as ShareLink;
}

/** @throws CommandError that says what to do */
export async function endShare(config: Config, id: string): Promise<void> {
  await call(config, 'DELETE', `/shares/${encodeURIComponent(id)}`);
}

async function call(
  config: Config,
  method: 'POST' | 'DELETE',
  path: string,
  wish?: Wish,
): Promise<unknown> {
  const { ADMIN_TOKEN: token } = config;
  if (token === undefined) {
    throw new CommandError('Set ADMIN_TOKEN for the proxy and for this command.');
  }
  const proxy = await OwnProxy.of(config);
  await proxy.check(); // The token is for nobody else.
  const { statusCode, body } = await proxy.ask(path, {
    method,
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(patienceMs),
    ...(wish && { body: JSON.stringify(wish) }),
  });
  const answer = (await readJson(body)) as { error?: { message: string } } | undefined;
  if (statusCode === 204) return undefined;
  if (statusCode < 400 && answer) return answer;
  const hint = statusCode === 401 ? 'The proxy has another ADMIN_TOKEN than this command. ' : '';
  throw new CommandError(hint + (answer?.error?.message ?? `The proxy said ${statusCode}.`), {
    statusCode,
  });
}
