import http, { type Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

/** A sandbox's app that counts how often each address of it was asked for. */
export interface TallyApp {
  readonly server: Server;
  /** How many addresses were asked for by a method, and how many of them more often than once. */
  counts(method: string): { readonly all: number; readonly repeated: number };
}

/** What an answer takes, so that some are always under way; one of `/slow…` has begun before. */
const answerMs = 15;

/** Makes it; it answers with the address. */
export function createTallyApp(): TallyApp {
  const times = new Map<string, number>();
  const server = http.createServer(async (req, res) => {
    const { url = '' } = req;
    const key = `${req.method} ${url}`;
    times.set(key, (times.get(key) ?? 0) + 1);
    req.resume();
    if (url.startsWith('/slow')) res.write(url.slice(0, 5));
    await wait(answerMs);
    res.end(url.startsWith('/slow') ? url.slice(5) : url);
  });
  return {
    server,
    counts: (method) => {
      const counts = [...times].filter(([key]) => key.startsWith(`${method} `)).map(([, n]) => n);
      return { all: counts.length, repeated: counts.filter((n) => n > 1).length };
    },
  };
}
