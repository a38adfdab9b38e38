import { createInterface } from 'node:readline';
import type { Report } from '../../src/stats/report.ts';
import { open } from './client.ts';

/** The open stream of the page for operators. */
export interface StatsEvents {
  readonly status: number;
  /** The next report; undefined once the stream has ended. */
  next(): Promise<Report | undefined>;
  close(): void;
}

export async function statsEvents(
  port: number,
  host = 'localhost',
  headers: Record<string, string> = {},
): Promise<StatsEvents> {
  const fields = { accept: 'text/event-stream', ...headers };
  const res = await open(port, { host, path: '/stats/events', headers: fields });
  const lines = createInterface({ input: res })[Symbol.asyncIterator]();
  return {
    status: res.statusCode ?? 0,
    next: async () => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) return undefined;
        if (value.startsWith('data: ')) return JSON.parse(value.slice(6)) as Report;
      }
    },
    close: () => res.destroy(),
  };
}
