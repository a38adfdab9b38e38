import { once } from 'node:events';
import type { Dispatcher } from 'undici';
import type { WebSocket } from 'ws';
import { readText } from './answer.ts';
import type { OwnProxy } from './ownProxy.ts';

/** An app in a sandbox, as it is reached through the proxy. */
export interface App {
  readonly proxy: Pick<OwnProxy, 'ask' | 'socket'>;
  readonly host: string;
  /** What opens the sandbox to us. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What was found of one thing. */
export interface Finding {
  readonly result: 'ok' | 'failed' | 'skipped';
  readonly detail: string;
  /** The end of a log that belongs to it. */
  readonly log?: string;
}

export interface Check extends Finding {
  readonly check: string;
  /** How long it took, where it was asked for. */
  readonly ms?: number;
}

const patienceMs = 15_000;

/** Finds something out, and how long that takes; what throws has failed. */
export async function timed(check: string, find: () => Promise<Finding>): Promise<Check> {
  const began = performance.now();
  const finding = await find().catch((error: unknown): Finding => {
    return { result: 'failed', detail: (error as Error).message };
  });
  return { check, ...finding, ms: Math.round(performance.now() - began) };
}

/** Whether the app's answer comes through, whatever it says. */
export async function checkHttp({ proxy, host, headers }: App, path: string): Promise<Finding> {
  const answer = await proxy.ask(path, { host, headers, signal: AbortSignal.timeout(patienceMs) });
  let bytes = 0;
  for await (const chunk of answer.body) bytes += (chunk as Buffer).length;
  const own = ofProxy(answer);
  return { ...own, detail: `${own.detail}GET ${path}: ${answer.statusCode}, ${bytes} bytes` };
}

/** Whether the first event comes through without waiting for more. */
export async function checkEvents({ proxy, host, headers }: App, path: string): Promise<Finding> {
  const signal = AbortSignal.timeout(patienceMs);
  const answer = await proxy.ask(path, {
    host,
    headers: { ...headers, accept: 'text/event-stream' },
    signal,
  });
  const type = String(answer.headers['content-type'] ?? 'no type');
  const own = ofProxy(answer);
  if (own.result === 'failed' || !type.startsWith('text/event-stream')) {
    answer.body.on('error', () => {}).destroy();
    return { result: 'failed', detail: `${own.detail}GET ${path}: ${answer.statusCode}, ${type}` };
  }
  for await (const chunk of answer.body) {
    return { result: 'ok', detail: `first event of ${path}: ${(chunk as Buffer).length} bytes` };
  }
  return { result: 'failed', detail: `${path} ended without an event` };
}

/** Whether a WebSocket opens. */
export async function checkWebSocket(app: App, path: string): Promise<Finding> {
  const socket = await openSocket(app, path);
  socket.close();
  return { result: 'ok', detail: `${path} is open` };
}

/** @throws Error that says how the handshake was answered */
export async function openSocket({ proxy, host, headers }: App, path: string): Promise<WebSocket> {
  const socket = proxy.socket(host, path, headers);
  await once(socket, 'open');
  socket.on('error', () => {});
  return socket;
}

/** Whether it is an OpenCode that answers. */
export async function isOpenCode({ proxy, host, headers }: App): Promise<boolean> {
  const signal = AbortSignal.timeout(patienceMs);
  const { statusCode, body } = await proxy.ask('/global/health', { host, headers, signal });
  const text = await readText(body);
  return statusCode === 200 && /^\{.*"healthy"/s.test(text);
}

/** An answer is the app's unless the proxy says that it is its own. */
function ofProxy({ headers }: Dispatcher.ResponseData): Finding {
  const code = headers['x-proxy-error'];
  return code === undefined
    ? { result: 'ok', detail: '' }
    : { result: 'failed', detail: `the proxy said ${code}; ` };
}
