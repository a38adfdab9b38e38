/** Milliseconds on a clock that all threads share, unlike `performance.now()`. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
