import type { Request } from 'express';
import { isNavigation } from '../../access/crossSite.ts';
import { addressOf, pathOf } from '../../exchange.ts';
import { asProxyError, ProxyError } from '../../replies/errors.ts';
import { patienceOf, type WakeMode } from './patience.ts';
import type { Waker } from './waker.ts';

export interface WakeParts {
  readonly mode: WakeMode;
  /** How long a program's request is held while its sandbox starts, in ms. */
  readonly holdMs: number;
  readonly waker: Waker;
}

/**
 * Waits for a sandbox that does not run, and starts it where the request may.
 *
 * @param error why the sandbox was not to be had
 * @returns resolves when the port answers, and the sandbox is to be located anew
 * @throws ProxyError SANDBOX_STARTING for a person, who gets a page, and for a program that does not
 *   want to wait or has waited long enough; else the error that it was given, or why it failed
 */
export async function awaken(
  { mode, holdMs, waker }: WakeParts,
  req: Request,
  error: unknown,
): Promise<void> {
  const { code, state = 'unknown' } = asProxyError(error);
  if (code !== 'SANDBOX_NOT_RUNNING') throw error;
  const { exchange } = req;
  const patience = patienceOf(mode, req, pathOf(exchange));
  if (patience === 'leave') throw error;
  const wake = waker.join(addressOf(exchange), state, patience === 'start');
  if (!wake) throw error;
  if (isNavigation(req) || req.headers['x-proxy-wait'] === '0') {
    throw new ProxyError('SANDBOX_STARTING', { state: wake.state, retryAfter: 3 });
  }
  await wake.within(holdMs);
}
