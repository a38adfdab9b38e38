import type { Socket } from 'node:net';
import type { Exchange } from '../exchange.ts';

interface Live {
  /** When what let them in ends, in ms since the epoch. */
  readonly until: number;
  readonly sockets: Set<Socket>;
}

/**
 * What is open by leave of a login or a share link, so that a WebSocket or an endless answer does
 * not outlive it.
 */
export class LiveExchanges {
  readonly #byPermit = new Map<string, Live>();

  /** @param permit id of the login or the share */
  add(permit: string, until: number, exchange: Exchange, socket: Socket): void {
    const live = this.#byPermit.get(permit) ?? { until, sockets: new Set() };
    this.#byPermit.set(permit, live);
    live.sockets.add(socket);
    exchange.whenOver(() => {
      live.sockets.delete(socket);
      if (live.sockets.size === 0) this.#byPermit.delete(permit);
    });
  }

  end(permit: string): void {
    for (const socket of this.#byPermit.get(permit)?.sockets ?? []) socket.destroy();
  }

  sweep(): void {
    const now = Date.now();
    for (const [permit, { until }] of this.#byPermit) if (until <= now) this.end(permit);
  }
}
