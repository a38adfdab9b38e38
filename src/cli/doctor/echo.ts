import { on } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { credentialOf, mostTries, readArrival, strangers } from './diagnosis.ts';
import type { Examination } from './examination.ts';
import { refusalOf } from './refusal.ts';

const patienceMs = 10_000;

/** A WebSocket of the proxy's own, which repeats what it is told. */
export interface Echo {
  readonly socket: WebSocket;
  /** The Origin as it has arrived. */
  readonly origin: string | null;
  /** Whether what is said comes back. */
  readonly repeats: (text: string) => Promise<boolean>;
}

interface NoEcho {
  readonly status: number;
  readonly code: string | undefined;
}

/**
 * Opens the echo through the public address.
 *
 * @returns the answer's status where that is no switch of protocols, and what the proxy calls it
 * @throws Error where there is no answer
 */
export async function openEcho(exam: Examination): Promise<Echo | NoEcho> {
  const way = await exam.way;
  const headers = { ...(await credentialOf(exam)), origin: exam.url.origin };
  for (let tries = 1; ; tries += 1) {
    const socket = way.socket(exam.url.hostname, '/diagnostics/socket', headers);
    // From the beginning, because the first message may come together with the switch.
    const messages = on(socket, 'message', { close: ['close'] });
    const refused = await new Promise<NoEcho | undefined>((done, fail) => {
      socket.once('open', () => done(undefined));
      socket.once('unexpected-response', (_req, res) =>
        done({ status: res.statusCode ?? 0, code: refusalOf(res) }),
      );
      socket.once('error', ({ message }) =>
        fail(new Error(`a WebSocket does not open (${message})`)),
      );
    });
    socket.on('error', () => {});
    if (!refused) return echoOf(socket, messages);
    socket.terminate();
    if (refused.code !== 'UNAUTHORIZED') return refused;
    // Another instance behind the same front, which has not given the ticket.
    if (tries === mostTries) throw await strangers(exam);
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
