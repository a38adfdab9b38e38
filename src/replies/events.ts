import type { IncomingMessage, ServerResponse } from 'node:http';

/** Front proxies take a silent answer for a dead one. */
const heartbeatMs = 15_000;

/** An event stream of our own (text/event-stream). Data is one line of text. */
export interface Events {
  send(event: string, data: string): void;
  /** Sends the last event. */
  end(event: string, data: string): void;
}

/** Answers with an event stream that lasts until it is ended or the client leaves. */
export function sendEvents(req: IncomingMessage, res: ServerResponse): Events {
  req.exchange.eventStream = true;
  const own: Record<string, string[]> = {};
  const { ownFields } = req.exchange;
  for (let i = 0; i < ownFields.length; i += 2) {
    const name = ownFields[i] ?? '';
    own[name] = [...(own[name] ?? []), ownFields[i + 1] ?? ''];
  }
  res.writeHead(200, {
    ...own,
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Accel-Buffering': 'no',
  });
  const send = (event: string, data: string) => {
    if (!res.writableEnded) res.write(`event: ${event}\ndata: ${data.replace(/\s+/g, ' ')}\n\n`);
  };
  const heartbeat = setInterval(() => res.write(': still here\n\n'), heartbeatMs);
  res.once('close', () => clearInterval(heartbeat));
  return {
    send,
    end: (event, data) => {
      send(event, data);
      clearInterval(heartbeat);
      res.end();
    },
  };
}
