import { median } from './statistics.ts';

export interface FigureFacts {
  readonly id: string;
  readonly label: string;
  /** Digits after the point. */
  readonly digits: number;
  readonly better: 'more' | 'less';
  /** False where to divide one contender's value by another's says nothing. */
  readonly ratios?: boolean;
}

/** One row of the result: what was measured, for each contender the value of each round. */
export class Figure implements FigureFacts {
  readonly id: string;
  readonly label: string;
  readonly digits: number;
  readonly better: 'more' | 'less';
  readonly ratios: boolean;
  readonly rounds = new Map<string, number[]>();
  readonly #busy = new Map<string, number[]>();

  constructor({ id, label, digits, better, ratios = true }: FigureFacts) {
    this.id = id;
    this.label = label;
    this.digits = digits;
    this.better = better;
    this.ratios = ratios;
  }

  /** @param busy how much of its core the contender used meanwhile, where that is known */
  add(contender: string, value: number, busy?: number): void {
    append(this.rounds, contender, value);
    if (busy !== undefined) append(this.#busy, contender, busy);
  }

  median(contender: string): number | undefined {
    return median(this.rounds.get(contender) ?? []);
  }

  /** Median share of its core that the contender used. */
  busy(contender: string): number | undefined {
    return median(this.#busy.get(contender) ?? []);
  }
}

function append(lists: Map<string, number[]>, name: string, value: number): void {
  const list = lists.get(name);
  if (list) list.push(value);
  else lists.set(name, [value]);
}
