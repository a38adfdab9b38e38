import type { Target } from '../exchange.ts';
import { Connection, type ConnectionRules, connectorOf } from './connection.ts';

/** More idle ones than this are closed: they were for a rush that is over. */
const mostIdle = 256;

/**
 * The connections to sandboxes: one pool for each origin, the last used first, so that those of a
 * rush grow old and end. A pool of our own, because undici's does not tell which connection carries
 * a request, and looks for a free one by asking each.
 */
export class Connections {
  readonly #rules: ConnectionRules;
  readonly #connect: ReturnType<typeof connectorOf>;
  readonly #idle = new Map<string, Connection[]>();
  readonly #busy = new Set<Connection>();

  constructor(rules: ConnectionRules) {
    this.#rules = rules;
    this.#connect = connectorOf(rules);
  }

  /** Gives an idle connection to the target, or a new one where `fresh` is set or none is idle. */
  take(target: Target, fresh = false): Connection {
    const idle = fresh ? undefined : this.#idle.get(target.origin);
    let connection = idle?.pop();
    while (connection && !connection.open) connection = idle?.pop();
    if (idle?.length === 0) this.#idle.delete(target.origin);
    connection ??= this.#dial(target);
    this.#busy.add(connection);
    return connection;
  }

  /** Takes back a connection whose exchange is complete. */
  release(connection: Connection): void {
    this.#busy.delete(connection);
    const idle = this.#idle.get(connection.origin) ?? [];
    if (!connection.open || idle.length >= mostIdle) {
      connection.destroy();
      return;
    }
    idle.push(connection);
    this.#idle.set(connection.origin, idle);
  }

  /** Ends a connection in the middle of its exchange. */
  discard(connection: Connection): void {
    this.#busy.delete(connection);
    connection.destroy();
  }

  destroy(): void {
    for (const connection of this.#busy) connection.destroy();
    for (const connection of [...this.#idle.values()].flat()) connection.destroy();
    this.#busy.clear();
    this.#idle.clear();
  }

  #dial(target: Target): Connection {
    const connection = new Connection(target, this.#connect, this.#rules.maxHeaderBytes);
    connection.onClose(() => this.#forget(connection));
    return connection;
  }

  /** An idle connection that has ended leaves its pool, and an empty pool goes. */
  #forget(connection: Connection): void {
    const idle = this.#idle.get(connection.origin);
    if (!idle) return;
    const at = idle.indexOf(connection);
    if (at < 0) return;
    idle.splice(at, 1);
    connection.destroy();
    if (idle.length === 0) this.#idle.delete(connection.origin);
  }
}
