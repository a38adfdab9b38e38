import { once } from 'node:events';
import type { Server } from 'node:http';
import net from 'node:net';
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import type { OpenWork } from './openWork.ts';

/** How often connections are looked at that may have become idle. */
const lookMs = 250;
/** What the last that is ended gently may need for it. */
const lastMs = 4_000;

export interface DrainRules {
  /** How long new connections are still accepted. */
  readonly delayMs: number;
  /** Over how long the ends of WebSockets and event streams are spread. */
  readonly spreadMs: number;
  /** After this time, from the beginning, everything is ended. */
  readonly timeoutMs: number;
}

/**
 * Ends the server without losing what is under way. First only its answers change, while whoever
 * sends it requests learns of it; then no connection is accepted any more, requests are finished,
 * what would last and what is idle is ended gently; and after `timeoutMs` everything that is left.
 */
export async function drain(server: Server, openWork: OpenWork, rules: DrainRules): Promise<void> {
  const deadline = performance.now() + rules.timeoutMs;
  openWork.drain();
  if (rules.delayMs > 0) await wait(Math.min(rules.delayMs, rules.timeoutMs));
  // What the system has accepted for us would be reset with the listener; a turn takes it in.
  await turn();
  const closed = once(server, 'close');
  // Node's HTTP server would reset idle connections, and requests that are on their way on them.
  net.Server.prototype.close.call(server);
  const leftMs = Math.max(0, deadline - performance.now());
  openWork.endLasting(
    Math.min(rules.spreadMs, Math.max(leftMs - lastMs, leftMs / 2)),
    leftMs * 0.9,
  );
  openWork.endIdle();
  const looks = setInterval(() => openWork.endIdle(), lookMs);
  const late = setTimeout(() => openWork.destroyAll(), leftMs);
  await closed;
  clearTimeout(late);
  clearInterval(looks);
  server.close(); // For its timers.
}
