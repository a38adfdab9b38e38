import type { Contender } from '../contenders/contender.ts';
import { daytonaProxy } from '../contenders/daytonaProxy.ts';
import { direct } from '../contenders/lineUp.ts';
import type { Turns } from '../measures/bench.ts';
import type { Options } from '../options.ts';
import { type Machine, machineSentence } from '../rig/machine.ts';
import type { Figure } from './figure.ts';
import { figureTable, footnote, targetTable } from './markdown.ts';
import { judge, type Verdict } from './targets.ts';

export interface ReportFacts {
  readonly machine: Machine;
  readonly columns: readonly Contender[];
  /** Names of contenders that are not installed. */
  readonly skipped: readonly string[];
  readonly figures: readonly Figure[];
  readonly problems: readonly string[];
  readonly turns: Turns;
  readonly options: Options;
  readonly minutes: number;
}

/** The result of a run, for people and for programs. */
export class Report {
  readonly #facts: ReportFacts;
  readonly #verdicts: readonly Verdict[];

  constructor(facts: ReportFacts) {
    this.#facts = facts;
    this.#verdicts = judge(facts.figures, daytonaProxy.id);
  }

  /** False where a proxy has no value for something that was measured. */
  get complete(): boolean {
    const { figures, columns } = this.#facts;
    const proxies = columns.filter((column) => column !== direct);
    return figures.every((figure) => proxies.every(({ id }) => figure.median(id) !== undefined));
  }

  markdown(): string {
    const { machine, columns, skipped, figures, problems, turns, options, minutes } = this.#facts;
    const missed = this.#verdicts.filter(({ reached }) => reached === false).length;
    const versions = columns
      .filter((column) => column !== direct)
      .map((column) => `- ${column.name} ${column.version()}: ${column.setup}.`);
    return [
      '### Targets',
      targetTable(this.#verdicts, columns),
      missed === 0 ? 'All targets measured here are reached.' : `Targets missed: ${missed}.`,
      '### All contenders',
      figureTable(figures, columns, daytonaProxy.id),
      footnote,
      `${machineSentence(machine)} ${options.rounds} rounds of ${options.seconds} s after a warm-up, interleaved; ${minutes.toFixed(1)} minutes in all. Repeat it by \`npm run bench\`.`,
      turns.disturbed > 0
        ? `**Disturbed:** during ${turns.disturbed} of ${turns.all} measurements other processes used more than a tenth of a core. Repeat it on a quiet machine.`
        : `The machine was quiet: other processes used less than a tenth of a core during each of ${turns.all} measurements.`,
      versions.join('\n'),
      ...skipped.map((name) => `Skipped, not installed: ${name}.`),
      ...problems.map((problem) => `Not counted: ${problem}.`),
    ].join('\n\n');
  }

  toJSON() {
    const { machine, columns, skipped, figures, problems, turns, options, minutes } = this.#facts;
    return {
      date: new Date().toISOString(),
      minutes: Number(minutes.toFixed(1)),
      rounds: options.rounds,
      seconds: options.seconds,
      machine,
      contenders: columns.map((column) => ({ ...column, version: column.version() })),
      skipped,
      targets: this.#verdicts.map(({ target, ours, peers, reached }) => ({
        ...target,
        ours,
        peers,
        reached,
      })),
      figures: figures.map((figure) => ({
        ...figure,
        rounds: undefined,
        contenders: Object.fromEntries(
          columns.map(({ id }) => [
            id,
            { median: figure.median(id), rounds: figure.rounds.get(id), busy: figure.busy(id) },
          ]),
        ),
      })),
      problems,
      turns,
    };
  }
}
