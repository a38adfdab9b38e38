import type { Command } from 'commander';
import { parseHost } from '../../host/parse.ts';
import { action, type Cli } from '../cli.ts';
import { CommandError, UsageError } from '../failure.ts';
import { port } from '../options.ts';
import { oneLine } from '../printable.ts';
import { survivesReaders } from '../readers.ts';
import { everyAddress } from './addresses.ts';
import { configurationCheck } from './configuration.ts';
import { daytonaChecks } from './daytona.ts';
import { dnsCheck } from './dns.ts';
import { type DoctorOptions, Examination } from './examination.ts';
import { type Check, type Finding, findingOf } from './finding.ts';
import { answerChecks, host, publicAddress } from './front.ts';
import { authorities, dnsServer, pin, publicUrl, silence } from './options.ts';
import { sandboxChecks } from './sandbox.ts';
import { idleChecks, streamChecks } from './streams.ts';
import { tlsChecks } from './tls.ts';
import { visitorChecks } from './visitor.ts';

/** All that is looked at, in this order: what stands first may explain what comes later. */
const checks: readonly Check[] = [
  configurationCheck,
  ...daytonaChecks,
  dnsCheck,
  ...tlsChecks,
  publicAddress,
  everyAddress,
  host,
  ...visitorChecks,
  ...streamChecks,
  ...answerChecks,
  ...sandboxChecks,
  ...idleChecks,
];

interface Options extends Omit<DoctorOptions, 'slow' | 'ca'> {
  readonly slow?: number | true;
  readonly cacert?: string;
}

const marks = { ok: '✓', failed: '✗', skipped: '–' } as const;
const nameWidth = Math.max(...checks.map(({ name }) => name.length));
const usualSlow = 70;

/** `doctor`: looks at everything between a visitor and the proxy, and says what mends it. */
export function addDoctor(program: Command): void {
  const doctor = program
    .command('doctor')
    .description(
      'look at configuration, Daytona, DNS, TLS and the proxy in front; say what mends it',
    )
    .option('--url <url>', 'the public address; if not given, https://{PROXY_DOMAIN}', publicUrl)
    .option('--sandbox <id>', 'try this sandbox too')
    .option('--port <port>', 'its port, 4096 if not given', port)
    .option('--slow [seconds]', 'also whether connections outlive silence, of 70 s', silence)
    .option('--resolve <host:port:address>', 'take this address for a host, * for all', pin)
    .option('--dns <server>', 'ask this DNS server: what the world sees by 1.1.1.1', dnsServer)
    .option('--cacert <file>', 'trust the authorities in this file, and no others', authorities)
    .addHelpText(
      'after',
      '\nRun it where the proxy runs, with its settings: that one tells what arrives.\n✓ right, ✗ wrong and what mends it, – not looked at and why. With a ✗ the exit code is 1.',
    )
    .action(
      action<Options>(async (cli, _operands, { slow, cacert, ...options }) => {
        if (options.port !== undefined && options.sandbox === undefined) {
          throw new UsageError('--port is the port of a sandbox: say which, --sandbox <id>.');
        }
        const exam = new Examination(cli, {
          ...options,
          ...(slow !== undefined && { slow: slow === true ? usualSlow : slow }),
          ...(cacert !== undefined && { ca: cacert }),
        });
        refuseSandboxHost(exam);
        await examine(cli, exam);
      }),
    );
  survivesReaders(doctor);
}

async function examine(cli: Cli, exam: Examination): Promise<void> {
  const found: ({ readonly check: string } & Finding)[] = [];
  for (const check of checks) {
    const finding = await findingOf(check, exam);
    found.push({ check: check.name, ...finding });
    if (!cli.json) cli.result(finding, linesOf(check, finding));
  }
  const wrong = found.filter(({ result }) => result === 'failed').map(({ check }) => check);
  const facts = { ok: wrong.length === 0, checks: found };
  if (wrong.length > 0) throw new CommandError(`Wrong: ${wrong.join(', ')}.`, facts);
  if (cli.json) cli.result(facts, '');
}

/** Much of it was said by others, for a terminal to show and not to obey. */
function linesOf({ name }: Check, { result, detail, fix }: Finding): string {
  const head = `${marks[result]} ${name.padEnd(nameWidth)}  ${oneLine(detail)}`;
  return [head, ...fix.map((line) => `${' '.repeat(nameWidth + 4)}${oneLine(line)}`)].join('\n');
}

/** Diagnostics are answered at the proxy's own hosts; a sandbox's belongs to its app. */
function refuseSandboxHost({ cli, options: { url } }: Examination): void {
  if (!url) return;
  try {
    const { PROXY_DOMAIN, HOST_FORMAT } = cli.config;
    if (!parseHost(url.host, PROXY_DOMAIN, HOST_FORMAT)) return;
  } catch {
    return; // That the configuration is wrong is told in its turn.
  }
  throw new UsageError(`${url.host} is a sandbox’s: say the proxy’s own host, or --sandbox <id>.`);
}
