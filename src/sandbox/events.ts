import { z } from 'zod';
import type { Log } from '../log/logger.ts';
import { facts, type SandboxFacts } from './daytona.ts';

/** What is read of an event; all else in it, the sandbox's secrets among it, is dropped here. */
const sandbox = facts.extend({ name: z.string().optional() });
const change = z
  .object({ sandbox })
  .transform((event) => event.sandbox)
  .or(sandbox);

const longestDelayMs = 30_000;
const goodbyeMs = 1_000;

/** A sandbox has come to another state, or into being. */
export interface SandboxChange {
  readonly facts: SandboxFacts;
  /** What else the sandbox goes by in hosts. */
  readonly name: string | undefined;
}

export interface EventsOptions {
  readonly apiKey: string;
  readonly apiUrl: string;
  readonly onChange: (change: SandboxChange) => void;
  readonly log: Log;
}

/**
 * Follows Daytona's event stream (DAYTONA.md, "Events") by the client that its SDK uses too; the
 * SDK's own way hears of one sandbox at a time, and gives up after ten attempts. The stream is a
 * help and no more: while it is not to be had, the times that things are kept for do.
 *
 * @returns ends it
 */
export async function followEvents({ apiKey, apiUrl, onChange, log }: EventsOptions) {
  const { io } = await import('socket.io-client');
  const { origin, pathname } = new URL(apiUrl);
  const socket = io(origin, {
    path: `${pathname.replace(/\/$/, '')}/socket.io/`,
    transports: ['websocket'],
    auth: { token: apiKey },
    reconnectionDelayMax: longestDelayMs,
  });
  const take = (payload: unknown) => {
    const read = change.safeParse(payload);
    if (!read.success) return;
    const { name, ...found } = read.data;
    onChange({ facts: found, name });
  };
  for (const event of ['created', 'state.updated', 'desired-state.updated']) {
    socket.on(`sandbox.${event}`, take);
  }
  let later: NodeJS.Timeout | undefined;
  const connectLater = (ms: number) => {
    clearTimeout(later);
    later = setTimeout(() => socket.connect(), ms).unref();
  };
  let told: string | undefined;
  const tell = (event: 'events.on' | 'events.off', reason?: string) => {
    if (told !== event) log('info', event, { reason });
    told = event;
  };
  socket.on('connect', () => tell('events.on'));
  socket.on('disconnect', (reason) => {
    tell('events.off', reason);
    // The client takes a server's goodbye for final; it may only have been restarted.
    if (reason === 'io server disconnect') connectLater(goodbyeMs);
  });
  socket.on('connect_error', (error) => {
    tell('events.off', error.message);
    if (!socket.active) connectLater(longestDelayMs); // Daytona said no; it may have been a mishap.
  });
  return () => {
    clearTimeout(later);
    socket.off('disconnect');
    socket.disconnect();
  };
}
