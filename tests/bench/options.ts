import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

export const measureIds = [
  'requests',
  'latency',
  'download',
  'upload',
  'echoes',
  'idle',
  'start',
] as const;
export type MeasureId = (typeof measureIds)[number];

export interface Options {
  readonly only: ReadonlySet<MeasureId>;
  /** Timed rounds; one more for warming up goes before them. */
  readonly rounds: number;
  /** Length of one timed round, in seconds, where a measure has no amount of its own. */
  readonly seconds: number;
  /** Ids of the contenders to run; undefined for all. */
  readonly contenders: ReadonlySet<string> | undefined;
  /** Where the JSON goes. */
  readonly out: string;
}

export const usage = `npm run bench -- [options]
  --only ${measureIds.join(',')}
  --rounds 3         timed rounds of each measure
  --seconds 3        length of a timed round
  --contenders a,b   some only; daytona-proxy, the reference, always runs
  --out FILE         where the JSON goes (tests/bench/results.json)
`;

/** @throws Error that says which option is wrong */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: measureIds.join(',') },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '3' },
      contenders: { type: 'string' },
      out: { type: 'string', default: fileURLToPath(new URL('results.json', import.meta.url)) },
    },
  });
  return {
    only: new Set(values.only.split(',').map(measureId)),
    rounds: count('rounds', values.rounds),
    seconds: count('seconds', values.seconds),
    contenders: values.contenders ? new Set(values.contenders.split(',')) : undefined,
    out: values.out,
  };
}

function measureId(text: string): MeasureId {
  const id = measureIds.find((known) => known === text);
  if (!id) throw new Error(`--only: "${text}" is none of ${measureIds.join(', ')}`);
  return id;
}

function count(option: string, text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new Error(`--${option}: "${text}" is not a whole number from 1 on`);
}
