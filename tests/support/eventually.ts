import { setTimeout as wait } from 'node:timers/promises';

/**
 * Asks again and again.
 *
 * @returns true as soon as the answer is yes; false where it was not within the deadline
 */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 10_000,
): Promise<boolean> {
  for (const deadline = performance.now() + deadlineMs; ; await wait(20)) {
    if (await holds()) return true;
    if (performance.now() > deadline) return false;
  }
}
