import type { Server } from 'node:http';
import type { SandboxDescription } from './description.ts';
import type { Faults } from './faults.ts';
import type { Sandbox, Sandboxes } from './sandboxes.ts';

/** What events are made of. */
export interface EventSource {
  /** Who shows this key may listen. */
  readonly apiKey: string;
  readonly sandboxes: Sandboxes;
  readonly faults: Faults;
  /** The sandbox as an event shows it: all of it, `env` included. */
  readonly describe: (sandbox: Sandbox) => SandboxDescription;
}

export interface EventServer {
  /**
   * Ends the connections of all who listen; they may come back.
   *
   * @param how `lost` as a broken network does it, `dismissed` as a server that says goodbye
   */
  drop(how: 'lost' | 'dismissed'): void;
  close(): void;
}

/**
 * Puts Daytona's events on the API's server, at `/api/socket.io/`. It is given from outside: the
 * demo does without, and what speaks Socket.IO is there for the tests alone.
 */
export type AttachEvents = (server: Server, source: EventSource) => EventServer;
