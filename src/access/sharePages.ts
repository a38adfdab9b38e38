import express, {
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  Router,
} from 'express';
import { clientLeft, type Exchange, type Visitor } from '../exchange.ts';
import { isLocalhost } from '../host/localhost.ts';
import { splitHost } from '../host/parse.ts';
import { ProxyError } from '../replies/errors.ts';
import { sendEmpty, sendJson } from '../replies/send.ts';
import { sameSecret } from '../secrets.ts';
import { queryKeyName } from './credentials.ts';
import type { Failures } from './failures.ts';
import { isReserved } from './reservedPorts.ts';
import { type ShareRequest, type Shares, shareRequest } from './shares.ts';

export interface SharePagesParts {
  readonly shares: Shares;
  readonly failures: Failures;
  readonly adminToken: string | undefined;
  readonly domains: readonly string[];
  readonly port: () => number;
  /** Daytona's id of a sandbox; it is not asked where the text cannot be a name. */
  readonly idOf: (idOrName: string) => Promise<string>;
  /** Whether Daytona lets the holder of a key or a JWT see a sandbox. */
  readonly mayAccess: (sandboxId: string, bearer: string) => Promise<boolean>;
}

/** `POST /shares` and `DELETE /shares/{id}`, on every host that is not a sandbox's. */
export function sharePages(parts: SharePagesParts): Router {
  const { shares, domains } = parts;
  const router = Router({ caseSensitive: true, strict: true });

  router.post(
    '/shares',
    wantBody,
    express.json({ limit: '4kb', type: () => true }),
    async (req, res) => {
      const [domain] = domains;
      if (domain === undefined) throw unusable('PROXY_DOMAIN is not set');
      const wanted = readRequest(req);
      const sandboxId = await authorize(parts, req, wanted.sandboxId);
      const { id, key, expiresAt } = await shares.create({ ...wanted, sandboxId });
      const host = `${wanted.port}-${sandboxId}`;
      const base = publicBase(req.exchange.visitor, domains, domain, parts.port());
      const url = `${base.scheme}://${host}.${base.host}${wanted.pathPrefix}?${queryKeyName}=${key}`;
      sendJson(req, res, 201, { url, id, expiresAt: new Date(expiresAt).toISOString() });
    },
  );

  router.delete('/shares/:id', async (req, res) => {
    const sandboxId = shares.sandboxOf(req.params.id);
    if (sandboxId === undefined) throw new ProxyError('SHARE_NOT_FOUND');
    await authorize(parts, req, sandboxId);
    await shares.revoke(req.params.id);
    if (clientLeft(req, res)) return;
    sendEmpty(req, res, 204);
  });
  router.use(refuseBody);
  return router;
}

/** Nobody without a token makes us read a body. */
const wantBody: RequestHandler = (req, res, next) => {
  if (!/^Bearer /i.test(req.headers.authorization ?? ''))
    throw new ProxyError('SHARE_UNAUTHORIZED');
  if (req.exchange.awaitsContinue) res.writeContinue();
  req.exchange.awaitsContinue = false;
  next();
};

/** What the body parser threw is about the body. */
const refuseBody: ErrorRequestHandler = (error, _req, _res, next) => {
  const status = error instanceof ProxyError ? undefined : (error as { status?: number }).status;
  next(status !== undefined && status < 500 ? unusable('the body is no JSON of this size') : error);
};

function readRequest({ body }: Request): ShareRequest {
  const parsed = shareRequest.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unusable(`${issue?.path.join('.') || 'the body'}: ${issue?.message}`);
  }
  if (isReserved(parsed.data.port)) throw unusable('port: a reserved port cannot be shared');
  return parsed.data;
}

function unusable(detail: string): ProxyError {
  return new ProxyError('SHARE_INVALID', { detail });
}

/**
 * Lets in the operator, and whoever may see the sandbox at Daytona.
 *
 * @returns Daytona's id of the sandbox, which is what was asked about: names are each organization's
 */
async function authorize(
  { failures, adminToken, idOf, mayAccess }: SharePagesParts,
  req: Request,
  idOrName: string,
): Promise<string> {
  const { visitor }: Exchange = req.exchange;
  const wait = await failures.waitFor(visitor.network);
  if (wait !== undefined) throw new ProxyError('TOO_MANY_FAILURES', { retryAfter: wait });
  const bearer = /^Bearer +([\x21-\x7e]{1,8192})$/i.exec(req.headers.authorization ?? '')?.[1];
  if (bearer !== undefined) {
    if (adminToken !== undefined && sameSecret(bearer, adminToken)) return idOf(idOrName);
    const sandboxId = await idOf(idOrName).catch(() => undefined);
    if (sandboxId !== undefined && (await mayAccess(sandboxId, bearer))) return sandboxId;
    await failures.note(visitor.network);
  }
  throw new ProxyError('SHARE_UNAUTHORIZED');
}

/** The address by which visitors come; whoever asks from the machine itself knows another. */
function publicBase(
  { host, proto }: Visitor,
  domains: readonly string[],
  domain: string,
  port: number,
): { scheme: string; host: string } {
  const { name, port: suffix } = splitHost(host);
  if (domains.includes(name)) return { scheme: proto, host: name + suffix };
  if (isLocalhost(domain)) return { scheme: proto, host: `${domain}:${port}` };
  return { scheme: 'https', host: domain };
}
