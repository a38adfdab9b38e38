import type { Contender } from '../contenders/contender.ts';
import type { Options } from '../options.ts';
import type { Cores } from '../rig/cores.ts';
import { StrangersWatch } from '../rig/strangers.ts';

/** What every measure works with. */
export interface Bench {
  readonly options: Options;
  /** The proxies that are installed, this one first. */
  readonly proxies: readonly Contender[];
  readonly cores: Cores | undefined;
  /** Rounds that are not counted, and why. */
  readonly problems: string[];
  readonly turns: Turns;
}

/** How quiet the machine was. */
export interface Turns {
  all: number;
  /** Those during which other processes used more than a tenth of a core. */
  disturbed: number;
}

interface Participant {
  readonly id: string;
  lastWords?(): string | undefined;
}

/**
 * Gives each participant its turn in each round (A B C, A B C …), so that whatever slows the
 * machine down for a while hits all of them. Rounds up to 0 are for warming up and not counted.
 *
 * @param turn measures one participant and says what it found; what it throws makes the turn
 *   invalid: that is noted, and the round goes on
 */
export async function inRounds<T extends Participant>(
  { options, problems, turns }: Bench,
  title: string,
  participants: readonly T[],
  turn: (participant: T, round: number) => Promise<string>,
  firstRound = 0,
): Promise<void> {
  for (let round = firstRound; round <= options.rounds; round++) {
    const name = round <= 0 ? 'warm-up' : `round ${round} of ${options.rounds}`;
    const found: string[] = [];
    for (const participant of participants) {
      const { id } = participant;
      const strangers = new StrangersWatch();
      try {
        found.push(`${id} ${await turn(participant, round)}`);
      } catch (error) {
        const died = participant.lastWords?.();
        const why = (error as Error).message + (died ? `; it had ended and said: ${died}` : '');
        problems.push(`${title}, ${name}, ${id}: ${why}`);
        found.push(`${id} FAILED`);
      }
      turns.all++;
      if (strangers.share() > 0.1) turns.disturbed++;
    }
    console.error(`${title}, ${name}: ${found.join(', ')}`);
  }
}

export function settle(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
