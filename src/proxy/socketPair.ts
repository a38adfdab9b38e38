import type { Socket } from 'node:net';
import { Direction } from './direction.ts';
import { Farewell } from './farewell.ts';

/** So long after a visitor's last word somebody may still watch what it brought about, a build say. */
const watchedMs = 30 * 60_000;

export interface PairRules {
  /** Ends a pair on which no byte has moved for so long, in ms; 0 never does. */
  readonly idleMs: number;
  /**
   * Called for each chunk that shows that somebody is there. It brings data, not only pings, pongs
   * and closes, and comes from the visitor, or from the sandbox within 30 minutes of the visitor's.
   */
  readonly onUse?: (() => void) | undefined;
  /** Where the bytes of both directions are added up. */
  readonly traffic?: { bytesUp: number; bytesDown: number };
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
  { idleMs, onUse, traffic = { bytesUp: 0, bytesDown: 0 } }: PairRules,
  first: FirstBytes,
): () => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  const said = () => {
    saidAt = performance.now();
    onUse?.();
  };
  const shown = () => {
    if (performance.now() - saidAt < watchedMs) onUse?.();
  };
  const down = new Direction(sandbox, client, onUse && shown, (count) => {
    traffic.bytesDown += count;
  });
  const up = new Direction(client, sandbox, onUse && said, (count) => {
    traffic.bytesUp += count;
  });
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
