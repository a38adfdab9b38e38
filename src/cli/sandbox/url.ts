import type { Command } from 'commander';
import { findSandbox } from '../account.ts';
import { action } from '../cli.ts';
import { UsageError } from '../failure.ts';
import { called } from '../name.ts';
import { duration, port } from '../options.ts';
import { OwnProxy } from '../ownProxy.ts';
import { makeShare } from '../share.ts';

interface Options {
  readonly signed?: number;
  readonly share?: number;
}

const longestSigned = 86_400;

export function addUrl(parent: Command): void {
  parent
    .command('url')
    .description('say the address of a port')
    .argument('<sandbox>', 'its id or name')
    .argument('<port>', 'the port in it', port)
    .option('--signed <time>', 'with a token of Daytona’s in it, which works so long', duration)
    .option('--share <time>', 'with a key of the proxy’s in it; needs ADMIN_TOKEN', duration)
    .action(
      action<Options>(async (cli, [said, given], { signed, share }) => {
        const at = Number(given);
        if (signed !== undefined && share !== undefined) {
          throw new UsageError('Say --signed or --share, not both.');
        }
        if (signed !== undefined && signed > longestSigned) {
          throw new UsageError('Daytona signs for 24h at most; --share goes up to 30d.');
        }
        const sandbox = await findSandbox(cli.config, said);
        const { id } = sandbox;
        if (share !== undefined) {
          const link = await makeShare(cli.config, {
            sandboxId: id,
            port: at,
            pathPrefix: '/',
            readOnly: false,
            expiresInSeconds: share,
          });
          cli.progress(
            `Works until ${link.expiresAt}; end it before by: ${called(`share --end ${link.id}`)}`,
          );
          const { url, expiresAt } = link;
          cli.result({ id, port: at, url, share: link.id, expiresAt }, url);
          return;
        }
        const proxy = await OwnProxy.of(cli.config);
        if (signed === undefined) {
          const url = proxy.urlOf(id, at);
          cli.result({ id, port: at, url }, url);
          return;
        }
        const { token, url: edge } = await sandbox.getSignedPreviewUrl(at, signed);
        // To whom it belongs, Daytona tells nobody but a platform's own proxy.
        const ours = cli.config.MODE === 'platform';
        const url = ours ? proxy.urlOf(token, at) : edge;
        if (!ours) cli.progress('This is Daytona’s own address. --share makes one of the proxy.');
        const expiresAt = new Date(Date.now() + signed * 1000).toISOString();
        cli.result({ id, port: at, url, expiresAt }, url);
      }),
    );
}
