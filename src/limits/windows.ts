import type { ClientRateLimitInfo } from 'express-rate-limit';

/** What an answer about a window may take to come. */
const toleranceMs = 1_000;

/**
 * Says how long a client has to wait for its next window, in whole seconds; never longer than a
 * window, whatever became of the clock meanwhile.
 */
export function secondsLeft({ resetTime }: ClientRateLimitInfo, windowMs: number): number {
  const leftMs = resetTime ? resetTime.getTime() - Date.now() : windowMs;
  return Math.max(1, Math.ceil(Math.min(leftMs, windowMs) / 1000));
}

/** True for a window that ends later than one that begins now: the wall's clock was put back. */
export function isAhead({ resetTime }: ClientRateLimitInfo, windowMs: number): boolean {
  return resetTime !== undefined && resetTime.getTime() - Date.now() > windowMs + toleranceMs;
}
