/** What a wait that took too long comes to. */
export const late = Symbol('late');

/**
 * Waits for work, but not for long; what the work throws in time is thrown, and later on is nobody's.
 *
 * @param ms the longest wait
 */
export function within<T>(work: Promise<T>, ms: number): Promise<T | typeof late> {
  return new Promise((resolve, reject) => {
    // A process that was busy finds its timers due before the answers that have long been there:
    // those are read first.
    const timer = setTimeout(() => setImmediate(() => resolve(late)), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
