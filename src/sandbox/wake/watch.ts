import type { Request, RequestHandler, Response } from 'express';
import { takeQuery } from '../../access/credentials.ts';
import { addressOf, clientLeft, type Exchange } from '../../exchange.ts';
import { asProxyError } from '../../replies/errors.ts';
import { sendEvents } from '../../replies/events.ts';
import { watchName } from '../../replies/waitingPage.ts';
import type { SandboxDirectory } from '../directory.ts';
import { readState } from '../state.ts';
import type { Wake } from './wake.ts';
import type { Waker } from './waker.ts';

/**
 * Tells the waiting page how far its sandbox is: the sandbox's states over an event stream. It never
 * starts one, because a forgotten tab asks too.
 */
export function watchWake(waker: Waker, directory: SandboxDirectory): RequestHandler {
  return async (req, res, next) => {
    const { exchange } = req;
    if (!exchange.target.includes(watchName) || !isWatch(req)) return next();
    const wake = await find(waker, directory, exchange);
    if (clientLeft(req, res)) return;
    await tell(wake, req, res);
  };
}

/** True for what the waiting page asks, and no other page: all else is the app's. */
function isWatch({ exchange, headers }: Request): boolean {
  return (
    exchange.kind === 'http' &&
    exchange.method === 'GET' &&
    headers.accept === 'text/event-stream' &&
    !/^(?:cross|same)-site$/.test(String(headers['sec-fetch-site'] ?? '')) &&
    takeQuery(exchange.target, watchName).value === '1'
  );
}

async function find(waker: Waker, directory: SandboxDirectory, exchange: Exchange) {
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
    (error) => {
      const { code, message } = asProxyError(error);
      // The sandbox is up: the page that is found there says what is missing.
      if (code === 'PORT_NOT_LISTENING') events.end('ready', '');
      else events.end('failed', message);
    },
  );
}
