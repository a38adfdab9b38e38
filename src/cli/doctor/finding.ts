import type { Examination } from './examination.ts';
import { fixFor } from './fixes.ts';
import type { Topic } from './lines.ts';

/** What one check has found, in a sentence; and what mends it, line by line. */
export interface Finding {
  readonly result: 'ok' | 'failed' | 'skipped';
  readonly detail: string;
  readonly fix: readonly string[];
}

export interface Check {
  readonly name: string;
  /** The lines that mend it where what has failed brings none of its own. */
  readonly topic?: Topic;
  /** May throw: Skipped where it cannot be done, anything else where it has failed. */
  readonly find: (exam: Examination) => Promise<Finding>;
}

/** A check cannot be done; the message says why. */
export class Skipped extends Error {
  override readonly name = 'Skipped';
}

/** It has failed, by what was found far below the check. */
export class Failed extends Error {
  override readonly name = 'Failed';
  readonly fix: readonly string[];

  constructor(detail: string, fix: readonly string[]) {
    super(detail);
    this.fix = fix;
  }
}

export function ok(detail: string): Finding {
  return { result: 'ok', detail, fix: [] };
}

export function failed(detail: string, fix: readonly string[] = []): Finding {
  return { result: 'failed', detail, fix };
}

/** Does a check, whatever comes of it. */
export async function findingOf({ find, topic }: Check, exam: Examination): Promise<Finding> {
  const found = await find(exam).catch(findingOfError);
  if (found.result !== 'failed' || found.fix.length > 0 || topic === undefined) return found;
  return failed(found.detail, await fixFor(exam, topic));
}

/** What a check has found that has thrown. */
function findingOfError(error: Error): Finding {
  const { message } = error;
  if (error instanceof Skipped) return { result: 'skipped', detail: message, fix: [] };
  return failed(message, error instanceof Failed ? error.fix : []);
}
