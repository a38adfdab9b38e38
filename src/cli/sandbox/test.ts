import type { Sandbox } from '@daytonaio/sdk';
import type { Command } from 'commander';
import { findSandbox } from '../account.ts';
import { findCommand, logOf, tail } from '../background.ts';
import { action, type Cli } from '../cli.ts';
import { CommandError } from '../failure.ts';
import { readMemory } from '../memory.ts';
import { called } from '../name.ts';
import { port, urlPath } from '../options.ts';
import { OwnProxy } from '../ownProxy.ts';
import {
  type Check,
  checkEvents,
  checkHttp,
  checkWebSocket,
  isOpenCode,
  timed,
} from '../probes.ts';
import { credentialOf } from '../readiness.ts';
import { checkTerminal } from '../terminal.ts';

interface Options {
  readonly port?: number;
  readonly path: string;
  readonly events?: string;
  readonly websocket?: string;
}

export function addTest(parent: Command): void {
  parent
    .command('test')
    .description('look at everything between here and its app, each with the time it took')
    .argument('[sandbox]', 'its id or name')
    .option('--port <port>', 'the app’s; if not given, that of its creation, or 4096', port)
    .option('--path <path>', 'what is asked for by HTTP', urlPath, '/')
    .option('--events <path>', 'an event stream of the app; OpenCode’s is known', urlPath)
    .option('--websocket <path>', 'a WebSocket of the app; OpenCode’s terminal is known', urlPath)
    .action(
      action<Options>(async (cli, [said], options) => {
        const sandbox = await findSandbox(cli.config, said);
        const remembered = await readMemory().catch(() => undefined);
        const at = options.port ?? (remembered?.id === sandbox.id ? remembered.port : 4096);
        const checks = await checkAll(cli, sandbox, at, options);
        const { id, name } = sandbox;
        const failed = checks.filter(({ result }) => result === 'failed');
        cli.progress(`${name} (${id}), port ${at}`);
        const facts = { id, name, port: at, ok: failed.length === 0, checks };
        if (!cli.json || failed.length === 0) cli.result(facts, checks.map(line).join('\n'));
        if (failed.length > 0) {
          const names = failed.map(({ check }) => check).join(', ');
          throw new CommandError(`Failed: ${names}.`, facts);
        }
      }),
    );
}

async function checkAll(
  cli: Cli,
  sandbox: Sandbox,
  at: number,
  options: Options,
): Promise<Check[]> {
  const started = sandbox.state === 'started';
  const state: Check = {
    check: 'state',
    result: started ? 'ok' : 'failed',
    detail: `${sandbox.state}${started ? '' : `; start it by: ${called(`sandbox start ${sandbox.id}`)}`}`,
  };
  if (!started) return [state];
  const command = await timed('command', () => checkCommand(sandbox));
  const proxy = await OwnProxy.of(cli.config);
  const there = await timed('proxy', async () => {
    await proxy.check();
    return { result: 'ok', detail: '' };
  });
  if (there.result === 'failed') return [state, command, there];
  const app = {
    proxy,
    host: proxy.hostOf(sandbox.id, at),
    headers: await credentialOf(sandbox, at),
  };
  const { path, events, websocket } = options;
  const openCode = await isOpenCode(app).catch(() => false);
  const eventPath = events ?? (openCode ? '/event' : undefined);
  return [
    state,
    command,
    await timed('http', () => checkHttp(app, path)),
    eventPath === undefined
      ? unknown('events', '--events /path')
      : await timed('events', () => checkEvents(app, eventPath)),
    websocket === undefined && !openCode
      ? unknown('websocket', '--websocket /path')
      : await timed('websocket', () =>
          websocket === undefined ? checkTerminal(app) : checkWebSocket(app, websocket),
        ),
  ];
}

function unknown(check: string, option: string): Check {
  return { check, result: 'skipped', detail: `not known of this app; say ${option}` };
}

async function checkCommand(sandbox: Sandbox) {
  const command = await findCommand(sandbox);
  if (!command) return { result: 'skipped' as const, detail: 'this command has begun none in it' };
  const { exitCode } = command;
  const { output } = await logOf(sandbox, command);
  return {
    result: exitCode ? ('failed' as const) : ('ok' as const),
    detail: `${exitCode === undefined ? 'running' : `ended with code ${exitCode}`}: ${command.command}`,
    log: tail(output, 5),
  };
}

const marks = { ok: 'ok     ', failed: 'FAILED ', skipped: '–      ' } as const;

function line({ check, result, detail, ms, log }: Check): string {
  const time = ms === undefined ? '' : `${ms} ms`;
  const more = log ? `\n${log.replace(/^/gm, '         | ')}` : '';
  return `${marks[result]} ${check.padEnd(10)} ${time.padStart(8)}  ${detail}${more}`;
}
