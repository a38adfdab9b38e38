import type { Socket } from 'node:net';
import { Direction } from './direction.ts';
import { Farewell } from './farewell.ts';

export interface PairRules {
  /** Ends a pair on which no byte has moved for so long, in ms; 0 never does. */
  readonly idleMs: number;
  /** Called for each chunk from the client that brings data, not only pings, pongs and closes. */
  readonly onVisitorData?: (() => void) | undefined;
}

/** What came right behind either handshake: the first bytes of each direction. */
export interface FirstBytes {
  readonly client: readonly Buffer[];
  readonly sandbox: Buffer;
}

/**
 * Joins two sockets until either ends, and then ends both: a WebSocket has no half that goes on
 * alone. Each side is read only as fast as the other is written. Not a byte is added.
 *
 * @returns ends the WebSocket as a restarting server does, see `farewell.ts`; then bytes are added
 */
export function joinSockets(
  client: Socket,
  sandbox: Socket,
  { idleMs, onVisitorData }: PairRules,
  first: FirstBytes,
): () => void {
  const down = new Direction(sandbox, client);
  const up = new Direction(client, sandbox, onVisitorData);
  if (first.sandbox.length > 0) down.carry(first.sandbox);
  for (const early of first.client) up.carry(early);
  down.join();
  up.join();
  let parting = false;
  // What either side sends is read from one and written to the other: one clock sees both.
  client.setTimeout(idleMs, () => {
    // Node tells this listener of every later time limit of the socket too. Those at the end are the
    // client's alone: the sandbox may still have much to read.
    if (parting || client.readableEnded || sandbox.readableEnded) return;
    client.destroy();
    sandbox.destroy();
  });
  return () => {
    parting = true;
    new Farewell(down, up).begin();
  };
}
