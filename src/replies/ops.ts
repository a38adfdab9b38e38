import type { IncomingMessage } from 'node:http';
import { Router } from 'express';
import { sameSecret } from '../secrets.ts';
import { ProxyError } from './errors.ts';
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

const forwarding = /^(?:x[-_]forwarded.*|x[-_]real[-_]ip|forwarded|via|cf[-_]connecting[-_]ip)$/;
const loopback = /^(?:127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
const localHost = /^(?:localhost|[\w-]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/;

/**
 * Our own pages on hosts that are no sandbox's: `/health` (does it live?) and `/ready` (should it be
 * sent requests?) for all, `/stats` for operators.
 */
export function opsPages(figures: Figures, statsToken: string | undefined) {
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
  router.get('/stats', (req, res) => {
    if (!mayReadStats(req, statsToken)) throw new ProxyError('UNAUTHORIZED');
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

/** `/stats` names sandboxes. It opens for the bearer token, or for the machine itself. */
export function mayReadStats(req: IncomingMessage, token: string | undefined): boolean {
  return (token !== undefined && bearsToken(req, token)) || isMachineItself(req);
}

/** True where a request shows the bearer token. */
export function bearsToken(req: IncomingMessage, token: string): boolean {
  const bearer = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '')?.[1];
  return bearer !== undefined && sameSecret(bearer, token);
}

/**
 * True for a loopback peer, without a forwarding header (that would be a front proxy speaking for
 * somebody else), and with a Host that a foreign page cannot have by pointing its own name at
 * 127.0.0.1 (DNS rebinding). Nginx with a bare `proxy_pass` sends neither the one nor the other, but
 * HTTP/1.0, which no program of today speaks by itself.
 */
export function isMachineItself(req: IncomingMessage): boolean {
  const host = (req.headers.host ?? '').toLowerCase();
  if (req.httpVersion === '1.0' || isForwarded(req)) return false;
  return loopback.test(req.socket.remoteAddress ?? '') && isLocalHost(host);
}

/** True for a Host, in lower case, by which a machine calls itself. */
export function isLocalHost(host: string): boolean {
  return localHost.test(host);
}

/** True where a front proxy says that it speaks for somebody else. */
export function isForwarded(req: IncomingMessage): boolean {
  return Object.keys(req.headers).some((name) => forwarding.test(name));
}
