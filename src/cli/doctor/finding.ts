import type { Examination } from './examination.ts';

/** What one check has found, in a sentence; and what mends it, line by line. */
export interface Finding {
  readonly result: 'ok' | 'failed' | 'skipped';
  readonly detail: string;
  readonly fix: readonly string[];
}

export interface Check {
  readonly name: string;
  /** May throw: Skipped where it cannot be done, anything else where it has failed. */
  readonly find: (exam: Examination) => Promise<Finding>;
}

/** A check cannot be done; the message says why. */
export class Skipped extends Error {
  override readonly name = 'Skipped';
}

export function ok(detail: string): Finding {
  return { result: 'ok', detail, fix: [] };
}

export function failed(detail: string, fix: readonly string[] = []): Finding {
  return { result: 'failed', detail, fix };
}

/** Does a check, whatever comes of it. */
export async function findingOf({ find }: Check, exam: Examination): Promise<Finding> {
  try {
    return await find(exam);
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof Skipped) return { result: 'skipped', detail: message, fix: [] };
    return failed(message);
  }
}
