import { z } from 'zod';
import type { Log } from '../log/logger.ts';
import { facts, type SandboxFacts } from './daytona.ts';

/** What is read of an event; all else in it, the sandbox's secrets among it, is dropped here. */
const change = z.object({ sandbox: facts.extend({ name: z.string().optional() }) });

const longestDelayMs = 30_000;

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
    const { name, ...found } = read.data.sandbox;
    onChange({ facts: found, name });
  };
  for (const event of ['created', 'state.updated', 'desired-state.updated']) {
    socket.on(`sandbox.${event}`, take);
  }
  let told: string | undefined;
  const tell = (event: 'events.on' | 'events.off', reason?: string) => {
    if (told !== event) log('info', event, { reason });
    told = event;
  };
  socket.on('connect', () => tell('events.on'));
  socket.on('disconnect', (reason) => tell('events.off', reason));
  socket.on('connect_error', (error) => tell('events.off', error.message));
  return () => void socket.disconnect();
}
