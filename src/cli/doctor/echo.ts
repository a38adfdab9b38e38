import { on } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { credentialOf, readArrival } from './diagnosis.ts';
import type { Examination } from './examination.ts';

const patienceMs = 10_000;
/** Another instance behind the same front may get the upgrade, which has not given the ticket. */
const mostTries = 6;

/** A WebSocket of the proxy's own, which repeats what it is told. */
export interface Echo {
  readonly socket: WebSocket;
  /** The Origin as it has arrived. */
  readonly origin: string | null;
  /** Whether what is said comes back. */
  readonly repeats: (text: string) => Promise<boolean>;
}

/**
 * Opens the echo through the public address.
 *
 * @returns the answer's status where that is no switch of protocols
 * @throws Error where there is no answer
 */
export async function openEcho(exam: Examination): Promise<Echo | { readonly status: number }> {
  const way = await exam.way;
  const headers = { ...(await credentialOf(exam)), origin: exam.url.origin };
  for (let tries = 1; ; tries += 1) {
    const socket = way.socket(exam.url.hostname, '/diagnostics/socket', headers);
    // From the beginning, because the first message may come together with the switch.
    const messages = on(socket, 'message', { close: ['close'] });
    const status = await new Promise<number>((done, fail) => {
      socket.once('open', () => done(101));
      socket.once('unexpected-response', (_req, res) => done(res.statusCode ?? 0));
      socket.once('error', fail);
    });
    socket.on('error', () => {});
    if (status === 101) return echoOf(socket, messages);
    socket.terminate();
    if (status !== 401 || tries === mostTries) return { status };
  }
}

async function echoOf(socket: WebSocket, messages: ReturnType<typeof on>): Promise<Echo> {
  const next = async () => {
    const silence = wait(patienceMs, undefined, { ref: false });
    const found = await Promise.race([messages.next().catch(() => undefined), silence]);
    return found?.done === false ? String(found.value[0]) : undefined;
  };
  const first = readArrival((await next()) ?? '');
  return {
    socket,
    origin: first?.origin ?? null,
    repeats: async (text) => {
      socket.send(text, () => {});
      return (await next()) === text;
    },
  };
}
