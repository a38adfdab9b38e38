import type { Request, RequestHandler, Response } from 'express';
import { takeQuery } from '../../access/credentials.ts';
import { isNavigation } from '../../access/crossSite.ts';
import { addressOf, clientLeft, type Exchange } from '../../exchange.ts';
import { pathOf } from '../../log/access.ts';
import { asProxyError, ProxyError } from '../../replies/errors.ts';
import { sendEvents } from '../../replies/events.ts';
import { watchName } from '../../replies/waitingPage.ts';
import type { SandboxDirectory } from '../directory.ts';
import { readState } from '../state.ts';
import { patienceOf, type WakeMode } from './patience.ts';
import type { Wake } from './wake.ts';
import type { Waker } from './waker.ts';

export interface WakeParts {
  readonly mode: WakeMode;
  /** How long a program's request is held while its sandbox starts, in ms. */
  readonly holdMs: number;
  readonly waker: Waker;
  readonly directory: SandboxDirectory;
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

/** Tells the waiting page how far its sandbox is. It never starts one: a forgotten tab asks too. */
export function watchWake(parts: WakeParts): RequestHandler {
  if (parts.mode === 'off') return (_req, _res, next) => next();
  return async (req, res, next) => {
    const { exchange } = req;
    if (!exchange.target.includes(watchName) || exchange.kind !== 'http') return next();
    const { value } = takeQuery(exchange.target, watchName);
    if (value === undefined) return next();
    const wake = await find(parts, exchange);
    if (clientLeft(req, res)) return;
    await tell(wake, req, res);
  };
}

async function find({ waker, directory }: WakeParts, exchange: Exchange) {
  const address = addressOf(exchange);
  const known = waker.of(address);
  if (known) return known;
  const { state } = await directory.factsOf(address, exchange.visitor.network);
  return waker.join(address, state, false) ?? state;
}

async function tell(wake: Wake | string, req: Request, res: Response): Promise<void> {
  const events = sendEvents(req, res);
  if (typeof wake === 'string') {
    const running = readState(wake) === 'running';
    return events.end(running ? 'ready' : 'failed', running ? '' : `It is ${wake}.`);
  }
  events.send('state', wake.state);
  const stop = wake.onState((state) => events.send('state', state));
  req.exchange.whenOver(stop);
  req.exchange.whenDraining(() => res.end()); // The page looks again, and finds another instance.
  await wake.done.then(
    () => events.end('ready', ''),
    (error) => events.end('failed', asProxyError(error).message),
  );
}
