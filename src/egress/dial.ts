import net, { type BlockList, type LookupFunction, type Socket } from 'node:net';
import { addressesOf } from './addresses.ts';
import { Refusal } from './refusal.ts';
import type { Resolve } from './resolve.ts';
import type { EgressTarget } from './target.ts';

/** How often TCP asks whether the other side is still there. */
export const keepAliveMs = 30_000;

export interface DialRules {
  readonly allowPrivate: BlockList;
  readonly resolve: Resolve;
  readonly timeoutMs: number;
}

/**
 * Connects to a target within the time for it: finds its addresses once and dials those.
 *
 * @param left aborts when the sandbox is gone
 * @throws Refusal that says why not
 */
export async function dial(
  { host, port }: EgressTarget,
  { allowPrivate, resolve, timeoutMs }: DialRules,
  left: AbortSignal,
): Promise<Socket> {
  const late = AbortSignal.timeout(timeoutMs);
  const over = AbortSignal.any([late, left]);
  try {
    const addresses = await orAborted(addressesOf(host, allowPrivate, resolve), over);
    return await connect(host, port, addresses, over);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if (late.aborted) {
      throw new Refusal(
        'HOST_TIMEOUT',
        `${host}:${port} did not answer within ${timeoutMs} ms (EGRESS_CONNECT_TIMEOUT_MS).`,
      );
    }
    const { code = 'no connection' } = error as NodeJS.ErrnoException;
    throw new Refusal('HOST_UNREACHABLE', `${host}:${port} cannot be reached (${code}).`);
  }
}

function connect(
  host: string,
  port: number,
  addresses: Awaited<ReturnType<Resolve>>,
  over: AbortSignal,
): Promise<Socket> {
  return new Promise((done, fail) => {
    const options = {
      host,
      port,
      lookup: pinned(addresses),
      allowHalfOpen: true, // Each direction of a tunnel ends by itself.
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
    };
    const socket = net.connect(options);
    const abort = () => socket.destroy(new Error('aborted'));
    over.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => {
      over.removeEventListener('abort', abort);
      done(socket);
    });
    socket.on('error', (error) => {
      over.removeEventListener('abort', abort);
      fail(error);
      socket.destroy();
    });
  });
}

/** A lookup that knows these addresses already; Node tries them in turn. */
function pinned(addresses: Awaited<ReturnType<Resolve>>): LookupFunction {
  return (_name, options, callback) => {
    const [first] = addresses;
    if (options.all || !first) callback(null, addresses);
    else callback(null, first.address, first.family);
  };
}

/** A name lookup cannot be called back; what it finds too late is dropped. */
function orAborted<T>(work: Promise<T>, over: AbortSignal): Promise<T> {
  return new Promise((done, fail) => {
    const abort = () => fail(new Error('aborted'));
    if (over.aborted) abort();
    over.addEventListener('abort', abort, { once: true });
    work.then(done, fail).finally(() => over.removeEventListener('abort', abort));
  });
}
