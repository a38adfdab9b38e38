/**
 * `npm run bench`: this proxy beside its peers, in one run on one machine, without a network.
 * Exit code 0 even if a target is missed, for this is a measurement; 1 if something broke.
 */
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import { chooseProxies, direct, LineUp } from './contenders/lineUp.ts';
import type { Bench } from './measures/bench.ts';
import { measureEchoes } from './measures/echoes.ts';
import { measureIdle } from './measures/idle.ts';
import { measureLatency } from './measures/latency.ts';
import { measureRequests } from './measures/requests.ts';
import { measureStart } from './measures/start.ts';
import { measureTransfers } from './measures/transfers.ts';
import { readOptions, usage } from './options.ts';
import type { Figure } from './report/figure.ts';
import { Report } from './report/report.ts';
import { divideCores } from './rig/cores.ts';
import { describeMachine } from './rig/machine.ts';
import { findProgram } from './rig/program.ts';
import { startAppUpstream, startNginxUpstream } from './rig/upstreams.ts';

if (process.argv.includes('--help')) {
  console.log(usage);
  process.exit();
}
try {
  process.exit((await run()) ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1); // The programs that still run end with this process.
}

/** @returns false if a figure of a contender is missing */
async function run(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2));
  if (!findProgram('wrk')) throw new Error('wrk, which drives HTTP here, is not installed');
  const coreCount = os.availableParallelism();
  const cores = divideCores();
  const chosen = chooseProxies(options.contenders);
  const proxies = chosen.filter((proxy) => proxy.version() !== undefined);
  const missing = chosen.filter((proxy) => !proxies.includes(proxy));
  for (const { name } of missing) console.error(`${name} is not installed: skipped`);
  const bench: Bench = { options, proxies, cores, problems: [], turns: { all: 0, disturbed: 0 } };
  const machine = describeMachine(coreCount, cores);

  const startedAt = performance.now();
  const figures = [...(await measureHttp(bench)), ...(await measureApp(bench))];
  const report = new Report({
    machine,
    columns: [...proxies, direct],
    skipped: missing.map(({ name }) => name),
    figures,
    problems: bench.problems,
    turns: bench.turns,
    options,
    minutes: (performance.now() - startedAt) / 60_000,
  });
  console.log(report.markdown());
  writeFileSync(options.out, `${JSON.stringify(report, null, 2)}\n`);
  console.error(`\nWritten to ${options.out}`);
  return report.complete;
}

/** What needs the fast upstream, Nginx. */
async function measureHttp(bench: Bench): Promise<Figure[]> {
  const { only } = bench.options;
  const upstream = await startNginxUpstream();
  const figures: Figure[] = [];
  if (only.has('requests') || only.has('latency') || only.has('download')) {
    const lineUp = await LineUp.start([direct, ...bench.proxies], upstream, bench.cores?.contender);
    const { entrants } = lineUp;
    if (only.has('requests')) figures.push(...(await measureRequests(bench, entrants)));
    if (only.has('latency')) figures.push(...(await measureLatency(bench, entrants)));
    if (only.has('download'))
      figures.push(...(await measureTransfers(bench, entrants, 'download')));
    await lineUp.stop();
  }
  if (only.has('start')) figures.push(...(await measureStart(bench, upstream)));
  await upstream.close();
  return figures;
}

/** What needs an app that reads uploads and echoes WebSocket messages. */
async function measureApp(bench: Bench): Promise<Figure[]> {
  const { only } = bench.options;
  const upstream = await startAppUpstream();
  const figures: Figure[] = [];
  if (only.has('upload') || only.has('echoes')) {
    const lineUp = await LineUp.start([direct, ...bench.proxies], upstream, bench.cores?.contender);
    const { entrants } = lineUp;
    if (only.has('upload')) figures.push(...(await measureTransfers(bench, entrants, 'upload')));
    if (only.has('echoes')) figures.push(...(await measureEchoes(bench, entrants)));
    await lineUp.stop();
  }
  if (only.has('idle')) figures.push(...(await measureIdle(bench, upstream)));
  await upstream.close();
  return figures;
}
