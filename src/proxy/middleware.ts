import type { IncomingMessage } from 'node:http';
import { createProxyMiddleware, type Plugin } from 'http-proxy-middleware';
import {
  clientLeft,
  type Exchange,
  type OriginMode,
  pathOf,
  type Refusal,
  type Upgrade,
  type Upstream,
} from '../exchange.ts';
import type { Log } from '../log/logger.ts';
import { ProxyError } from '../replies/errors.ts';
import type { Observer } from '../telemetry/observer.ts';
import { beginTrace } from '../telemetry/trace.ts';
import { carryHttp } from './carryHttp.ts';
import { carryUpgrade, type UpgradeRules } from './carryUpgrade.ts';
import { CloserLooks } from './closerLooks.ts';
import { Connections } from './connections.ts';
import { wasNotConnected } from './failure.ts';
import { framedFor } from './framing.ts';
import { locationContext } from './location.ts';
import { probePort } from './probe.ts';
import { beginTrail, fieldsOnTrail, Redirected } from './redirects.ts';
import { Refused, type WholeAnswer } from './refusal.ts';
import { hasBody, RequestBody } from './requestBody.ts';
import { isLoop, requestHead } from './requestHead.ts';
import { responseHead } from './responseHead.ts';

/** So often is a request sent anew to where Daytona says that its sandbox is by now. */
const mostRefusals = 2;

export interface ProxyOptions extends UpgradeRules {
  readonly originMode: OriginMode;
  /** How long a sandbox may read nothing of an upload, in ms; 0 is without end. */
  readonly uploadStallMs: number;
  /** So many redirects within a sandbox are followed for a visitor; with 0 all are the visitor's. */
  readonly followRedirects: number;
  readonly log: Log;
  readonly observer: Pick<Observer, 'carried' | 'healed'>;
}

/** Stage 5, and the connections that it keeps. */
export interface Carrier {
  /** Carries a request that the stages before have admitted. */
  readonly handle: (req: IncomingMessage, res: Upgrade['response'], next: Next) => Promise<void>;
  /** Says why Daytona's edge lets nobody through to a port; undefined where an app answers. */
  probe(way: Pick<Upstream, 'target' | 'headers' | 'pathPrefix'>): Promise<Refusal | undefined>;
  /** Closes the pooled connections to sandboxes. */
  close(): void;
}

type Next = (error?: unknown) => void;

/**
 * Builds the proxy middleware. Its router is the gate: it gives out the target that the chain left
 * on the request and throws where there is none, so nothing reaches a sandbox by a way around the
 * chain, by request or by upgrade. How bytes are carried is replaced by our own transport.
 */
export function createCarrier(options: ProxyOptions): Carrier {
  const { originMode, uploadStallMs, followRedirects, log, observer } = options;
  const connections = new Connections(options);
  const looks = new CloserLooks(connections);

  const send = async (req: IncomingMessage, res: Upgrade['response'], body?: RequestBody) => {
    const { exchange } = req;
    const { sandbox, carriedTo } = exchange;
    // Of whoever has left, the end may have been told.
    if (sandbox && !clientLeft(req, res)) {
      if (!carriedTo) observer.carried(sandbox, exchange.kind);
      exchange.carriedTo = exchange.upstream?.target;
    }
    exchange.timeline.enter('connect');
    exchange.trace ??= beginTrace(exchange.requestId);
    const head = requestHead(fieldsOnTrail(req.rawHeaders, exchange.trail), exchange, originMode);
    if (exchange.upgrade) await carryUpgrade(options, req, exchange.upgrade, head);
    else await carryHttp(connections, req, res, head, body);
  };

  const whyRefused = async ({ refusal, answer }: Refused, upstream: Upstream) =>
    refusal === 'unclear' ? looks.refusal(upstream, answer.status) : refusal;

  const carry = async (req: IncomingMessage, res: Upgrade['response']): Promise<void> => {
    const { exchange } = req;
    if (isLoop(req.headers.via)) throw new ProxyError('LOOP_DETECTED');
    if (log.enabled('debug')) {
      log('debug', 'proxy.request', {
        requestId: exchange.requestId,
        method: req.method,
        path: pathOf(exchange),
        upstream: exchange.upstream?.target.origin,
      });
    }
    exchange.trail = beginTrail(exchange, followRedirects);
    let body = hasBody(req) ? new RequestBody(req, uploadStallMs) : undefined;
    for (let refusals = 0; ; ) {
      try {
        await send(req, res, body);
        break;
      } catch (error) {
        if (error instanceof Redirected) {
          exchange.trail = error.trail;
          if (!error.trail.withBody) {
            body?.settle();
            body = undefined;
          }
          continue;
        }
        const refused = error instanceof Refused ? error : undefined;
        if (!exchange.upstream || !(refused || wasNotConnected(error))) throw error;
        exchange.timeline.enter('lookup');
        const refusal = refused ? await whyRefused(refused, exchange.upstream) : 'unreachable';
        if (refusal && refusals === mostRefusals) throw giveUpOn(refusal);
        refusals += 1;
        const upstream = refusal && (await exchange.upstream.again(refusal));
        if (clientLeft(req, res)) return;
        if (!upstream) {
          if (!refused) throw error;
          passOn(exchange, res, refused.answer);
          break;
        }
        exchange.upstream = upstream;
        // Too large to have been kept; the next attempt will find what is known by now.
        if (body?.repeatable === false) throw giveUpOn(refusal);
        exchange.healed += 1;
        observer.healed(refusal);
      }
    }
    if (res.headersSent) exchange.upstream?.answered?.();
    if (res.headersSent && res.statusCode >= 400) {
      log(res.statusCode >= 500 ? 'warn' : 'info', 'proxy.response.error', {
        requestId: exchange.requestId,
        sandbox: exchange.sandbox?.id,
        port: exchange.sandbox?.port,
        status: res.statusCode,
      });
    }
  };

  const transport: Plugin = (server) => {
    server.web = (req, res) => carry(req, res);
    // Without a listener, an 'error' event would be thrown; Express hears of it through `next`.
    server.on('error', () => {});
  };

  const middleware = createProxyMiddleware({
    router: (req) => {
      const { upstream } = req.exchange;
      if (!upstream) throw new ProxyError('INTERNAL', { cause: new Error('no upstream') });
      return upstream.target; // As an object, which the middleware need not parse again.
    },
    pathFilter: () => true,
    ejectPlugins: true,
    plugins: [transport],
  });
  // The middleware skips what `new URL` cannot parse, `//` for one, but every path is the sandbox's:
  // it gets to see none, also parses none, and the transport sends the one on the exchange.
  const handle: Carrier['handle'] = (req, res, next) => {
    const { url = '' } = req;
    req.url = '';
    const carried = middleware(req, res, next);
    req.url = url;
    return carried;
  };
  return {
    handle,
    probe: (way) => probePort(connections, way),
    close: () => connections.destroy(),
  };
}

/** Sends an answer that was held back, as it came: Daytona knows nothing of what it seems to say. */
function passOn(exchange: Exchange, res: Upgrade['response'], answer: WholeAnswer): void {
  const { status, rawHeaders, body } = answer;
  const head = responseHead(rawHeaders, locationContext(exchange), exchange.ownsCors);
  head.push(...exchange.ownFields);
  exchange.timeline.enter('body');
  res.writeHead(status, framedFor(status, head));
  res.end(body);
}

/** The edge has refused again and again what Daytona's API says of this sandbox. */
function giveUpOn(refusal: Refusal): ProxyError {
  if (refusal === 'token') return new ProxyError('ACCESS_RENEWED', { retryAfter: 1 });
  return new ProxyError('SANDBOX_NOT_RUNNING', { state: 'moving', retryAfter: 2 });
}
