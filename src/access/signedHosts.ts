import type { RequestHandler } from 'express';
import { addressOf, clientLeft } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import { fingerprint } from '../secrets.ts';
import { cookiesNamed } from './cookies.ts';
import type { Gatekeeper } from './gatekeeper.ts';
import { Sessions } from './session.ts';
import type { Verdicts } from './verdicts.ts';

/** A signed token as it stands in a host in the place of a sandbox's id; ids have dashes. */
const signedToken = /^[a-z0-9]{16}$/;

export interface SignedHostsParts {
  /** undefined where hosts carry no tokens. */
  readonly signedFor:
    | ((token: string, port: number, client: string) => Promise<string | undefined>)
    | undefined;
  /** True where hosts may also carry names of sandboxes. */
  readonly namesToo: boolean;
  readonly verdicts: Verdicts<string>;
  readonly gatekeeper: Gatekeeper;
}

/**
 * Finds the sandbox of a host that carries a signed token: by the session that an earlier request
 * on that host has left, which may well outlive the token, else by asking Daytona.
 *
 * @throws ProxyError SANDBOX_NOT_FOUND for a token that opens nothing
 */
export function findSigned(parts: SignedHostsParts): RequestHandler {
  const { signedFor, namesToo, verdicts, gatekeeper } = parts;
  if (!signedFor) return (_req, _res, next) => next();
  return async (req, res, next) => {
    const { exchange } = req;
    if (!exchange.sandbox || !signedToken.test(exchange.sandbox.id)) return next();
    const { id: token, port } = addressOf(exchange);
    const { host, network, proto } = exchange.visitor;
    exchange.signedBy = token;
    const cookies = cookiesNamed(req.headers.cookie, Sessions.cookieName(proto));
    const session = await gatekeeper.sessionOf(host, cookies);
    const id =
      session?.sandboxId ??
      (await verdicts.of(fingerprint(String(port), token), () => signedFor(token, port, network)));
    if (clientLeft(req, res)) return;
    if (id === undefined && namesToo) return next(); // It may be what a sandbox is called.
    if (id === undefined) throw new ProxyError('SANDBOX_NOT_FOUND');
    exchange.sandbox = { id, port };
    exchange.signed = session === undefined;
    next();
  };
}
