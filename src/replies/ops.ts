import type { IncomingMessage } from 'node:http';
import { Router } from 'express';
import { clientLeft } from '../exchange.ts';
import { isForwarded } from '../forwarded.ts';
import { sameSecret } from '../secrets.ts';
import { sendJson } from './send.ts';

/** What the ops pages tell; `assembly.ts` wires it to the parts that know. */
export interface Figures {
  readonly version: string;
  readonly cacheTtl: number;
  /** Where it is kept what several instances share: `memory`, `redis` … */
  store(): string;
  cached(): readonly { readonly key: string; readonly age: number; readonly remaining: number }[];
  cacheSize(): number;
  counters(): Readonly<Record<string, number>>;
  readiness(): Readiness;
}

/** Whether requests should be sent to this process, and what else a probe may want to know. */
export interface Readiness {
  /** False from the first moment of a stop, while everything that comes is still served. */
  readonly ready: boolean;
  readonly facts: Readonly<Record<string, string>>;
}

const loopback = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const localHost = /^(?:localhost|[\w-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/;

/** Throws where somebody is no operator. */
export type RequireOperator = (req: IncomingMessage) => Promise<unknown>;

/**
 * Our own pages on hosts that are no sandbox's: `/health` (does it live?) and `/ready` (should it be
 * sent requests?) for all, `/stats` for operators, since it names sandboxes.
 */
export function opsPages(figures: Figures, requireOperator: RequireOperator) {
  const router = Router({ caseSensitive: true, strict: true });
  router.get('/health', (req, res) => {
    sendJson(req, res, 200, {
      status: 'ok',
      timestamp: new Date().toISOString(),
      cache: { size: figures.cacheSize(), ttl: figures.cacheTtl, store: figures.store() },
    });
  });
  router.get('/ready', (req, res) => {
    const { ready, facts } = figures.readiness();
    sendJson(req, res, ready ? 200 : 503, { status: ready ? 'ready' : 'draining', ...facts });
  });
  router.get('/stats', async (req, res) => {
    await requireOperator(req);
    if (clientLeft(req, res)) return;
    const entries = figures.cached();
    sendJson(req, res, 200, {
      totalCached: entries.length,
      entries,
      store: figures.store(),
      ...figures.counters(),
      uptime: Math.round(process.uptime()),
      version: figures.version,
    });
  });
  return router;
}

/** What a request shows as a bearer. */
export function bearerOf({ headers }: IncomingMessage): string | undefined {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
}

/** True where a request shows the bearer token. */
export function bearsToken(req: IncomingMessage, token: string): boolean {
  const bearer = bearerOf(req);
  return bearer !== undefined && sameSecret(bearer, token);
}

/**
 * True for a loopback peer, without a forwarding header (that would be a front proxy speaking for
 * somebody else), and with a Host of the machine's own. That is no boundary: a front on the same
 * machine that adds no field, and sends a Host of its own or its visitor's, has everybody pass. Older
 * Nginx with a bare `proxy_pass` is caught by its HTTP/1.0, which no program of today speaks by
 * itself; since 1.29.7 it speaks 1.1. So it counts only where no token is set.
 */
export function isMachineItself(req: IncomingMessage): boolean {
  if (req.httpVersion === '1.0' || isForwarded(req)) return false;
  return isLoopback(req) && isLocalHost(hostOf(req));
}

/** True where a page in a browser of this machine has pointed a name of its own at us (DNS rebinding). */
export function isRebound(req: IncomingMessage): boolean {
  return isLoopback(req) && !isLocalHost(hostOf(req));
}

function isLoopback({ socket }: IncomingMessage): boolean {
  return loopback.test(socket.remoteAddress ?? '');
}

function hostOf({ headers }: IncomingMessage): string {
  return (headers.host ?? '').toLowerCase();
}

/** True for a Host, in lower case, by which a machine calls itself. */
function isLocalHost(host: string): boolean {
  return localHost.test(host);
}
