import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Router } from 'express';
import type { Config } from '../config/config.ts';
import { saysScarce } from '../descriptors.ts';
import { clientLeft } from '../exchange.ts';
import { isRebound, type RequireOperator } from '../replies/ops.ts';
import { sendText } from '../replies/send.ts';
import type { Metrics } from './metrics.ts';

const contentType = 'text/plain; version=0.0.4; charset=utf-8';

/** `/metrics` on hosts that are no sandbox's, for whoever may read `/stats`. */
export function metricsPage(metrics: Metrics, requireOperator: RequireOperator): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.get('/metrics', async (req, res) => {
    await requireOperator(req);
    const text = await metrics.scrape();
    if (!clientLeft(req, res)) sendText(req, res, contentType, text);
  });
  return router;
}

/** A listener that has the metrics and nothing else. */
export interface MetricsListener {
  readonly port: number;
  close(): void;
}

/**
 * Serves `/metrics` to whoever reaches an address of its own, pages that rebind their name left out;
 * undefined where there is none.
 *
 * @throws what `listen` fails with
 */
export async function listenForMetrics(
  metrics: Metrics,
  { METRICS_PORT: port, METRICS_HOST: host }: Pick<Config, 'METRICS_PORT' | 'METRICS_HOST'>,
): Promise<MetricsListener | undefined> {
  if (port === undefined) return undefined;
  const server = http.createServer({ requestTimeout: 10_000 }, (req, res) => {
    if (isRebound(req)) {
      res.writeHead(403).end('From this machine, ask for localhost or 127.0.0.1.\n');
      return;
    }
    const [path] = (req.url ?? '').split('?', 1);
    if (path !== '/metrics' || (req.method !== 'GET' && req.method !== 'HEAD')) {
      res.writeHead(404).end();
      return;
    }
    metrics.scrape().then(
      (text) => send(res, text),
      () => res.writeHead(500).end(),
    );
  });
  server.maxConnections = 100;
  server.listen(port, host);
  await once(server, 'listening');
  // A connection that cannot be accepted is no reason to end.
  server.on('error', (error) => {
    if (!saysScarce(error)) throw error;
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function send(res: ServerResponse, text: string): void {
  res.writeHead(200, { 'Content-Type': contentType, 'Cache-Control': 'no-store' });
  res.end(text);
}
