import { setTimeout as wait } from 'node:timers/promises';
import type { Sandbox } from '@daytonaio/sdk';
import { type BackgroundCommand, findCommand, logOf, tail } from './background.ts';
import type { Cli } from './cli.ts';
import { CommandError } from './failure.ts';
import { called } from './name.ts';
import type { OwnProxy } from './ownProxy.ts';

const tryEveryMs = 500;
const lookEveryMs = 1500;
const tellEveryMs = 5000;
const patienceOfOneMs = 10_000;

/** What opens a sandbox to us, whoever else may enter. */
export async function credentialOf(sandbox: Sandbox, port: number): Promise<Credential> {
  const { token } = await sandbox.getPreviewLink(port);
  return { 'x-daytona-preview-token': token };
}

type Credential = Readonly<Record<string, string>>;

/** What is waited for, and how long. */
export interface Patience {
  readonly port: number;
  readonly seconds: number;
}

/**
 * Waits until a port of a sandbox answers through the proxy, whatever it says.
 *
 * @returns how long it took, in ms
 * @throws CommandError where the command has failed, or time is up
 */
export async function untilAnswered(
  cli: Cli,
  proxy: OwnProxy,
  sandbox: Sandbox,
  { port, seconds }: Patience,
): Promise<number> {
  const began = performance.now();
  const host = proxy.hostOf(sandbox.id, port);
  const headers = await credentialOf(sandbox, port);
  let told = began;
  let looked = began;
  let reason = 'nothing yet';
  while (performance.now() - began < seconds * 1000) {
    const refusal = await whyNot(proxy, host, headers);
    if (refusal === undefined) return Math.round(performance.now() - began);
    reason = refusal;
    if (performance.now() - looked >= lookEveryMs) {
      looked = performance.now();
      // Daytona may have no time for a moment: that is no reason to give up what is coming up.
      const command = await findCommand(sandbox).catch(() => undefined);
      await failWithCommand(sandbox, command);
    }
    if (performance.now() - told >= tellEveryMs) {
      told = performance.now();
      cli.progress(`  still waiting for port ${port}: ${reason}`);
    }
    await wait(tryEveryMs);
  }
  throw new CommandError(
    `Port ${port} did not answer through the proxy within ${seconds} s: ${reason}. ` +
      `Look at \`${called('sandbox logs')}\` and \`${called('sandbox test')}\`.`,
  );
}

/** @returns what the proxy says itself; undefined where the app has answered */
async function whyNot(
  proxy: OwnProxy,
  host: string,
  headers: Credential,
): Promise<string | undefined> {
  // An app may not answer what it is asked in its first moments, so no try is waited for long.
  const signal = AbortSignal.timeout(patienceOfOneMs);
  try {
    const answer = await proxy.ask('/', { host, headers, signal });
    answer.body.on('error', () => {}).destroy();
    const code = answer.headers['x-proxy-error'];
    return code === undefined ? undefined : `the proxy said ${answer.statusCode} ${code}`;
  } catch (error) {
    if (signal.aborted) return 'it accepts connections, but does not answer';
    return (error as Error).message;
  }
}

async function failWithCommand(
  sandbox: Sandbox,
  command: BackgroundCommand | undefined,
): Promise<void> {
  // What ends with 0 may have left in the background what is waited for.
  if (!command?.exitCode) return;
  const { output } = await logOf(sandbox, command).catch(() => ({ output: '' }));
  const missing =
    command.exitCode === 127
      ? '\nThe program is not in the image. Choose one that has it (--image, --snapshot), or have npm bring it: --command "npx --yes opencode-ai serve --port … --hostname 0.0.0.0" --wait 5m.'
      : '';
  const lines = tail(output, 20).replace(/^/gm, '  | ');
  throw new CommandError(
    `The command ended with code ${command.exitCode} before its port answered: ${command.command}\n${lines}${missing}`,
    { exitCode: command.exitCode, log: tail(output, 20) },
  );
}
