import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { sendEmpty } from '../replies/send.ts';

export type CorsMode = 'app' | 'reflect' | 'list';

export interface CorsRules {
  /** `app`: the sandbox decides; `reflect`: any origin, with credentials; `list`: those listed. */
  readonly mode: CorsMode;
  /** Where there are any, `reflect` means these only. */
  readonly origins: ReadonlySet<string>;
}

/**
 * Sets the CORS fields where they are ours to set. There is exactly one authority: what the sandbox
 * says of CORS is dropped then. Preflights are answered here, for they never bring a credential.
 */
export function shareOrigins(rules: CorsRules): RequestHandler {
  if (rules.mode === 'app') return (_req, _res, next) => next();
  return (req, res, next) => {
    const { exchange } = req;
    const { origin } = req.headers;
    if (!exchange.sandbox || req.headers['x-daytona-disable-cors'] === 'true') return next();
    exchange.ownsCors = true;
    exchange.ownFields.push('Vary', 'Origin');
    if (origin === undefined) return next();
    if (isShared(origin, rules)) {
      exchange.ownFields.push('Access-Control-Allow-Origin', origin);
      exchange.ownFields.push('Access-Control-Allow-Credentials', 'true');
    }
    const method = req.headers['access-control-request-method'];
    if (req.method !== 'OPTIONS' || method === undefined) return next();
    if (isShared(origin, rules)) exchange.ownFields.push(...preflight(req, method));
    sendEmpty(req, res, 204);
  };
}

function isShared(origin: string, { mode, origins }: CorsRules): boolean {
  return origins.has(origin) || (mode === 'reflect' && origins.size === 0 && origin !== 'null');
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** With credentials, `*` would mean a field of that name: what is asked for is named. */
function preflight({ headers }: IncomingMessage, method: string): string[] {
  const wanted = (headers['access-control-request-headers'] ?? '').split(',');
  const names = wanted.map((name) => name.trim()).filter((name) => token.test(name));
  const fields = ['Access-Control-Max-Age', '600'];
  if (token.test(method)) fields.push('Access-Control-Allow-Methods', method);
  if (names.length > 0) fields.push('Access-Control-Allow-Headers', names.join(', '));
  return fields;
}
