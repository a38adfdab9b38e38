import type { Request, RequestHandler, Response } from 'express';
import { addressOf, clientLeft, type Exchange } from '../exchange.ts';
import type { Log } from '../log/logger.ts';
import { ProxyError } from '../replies/errors.ts';
import { sendRedirect } from '../replies/send.ts';
import type { Observer } from '../telemetry/observer.ts';
import { findCredentials, queryKeyName, takeQuery } from './credentials.ts';
import { type CrossSiteRules, framedBy, isForeign, isNavigation, ownOrigin } from './crossSite.ts';
import { type DoorRules, findDoor } from './doors.ts';
import type { Failures } from './failures.ts';
import type { Admission, Gatekeeper, Knock } from './gatekeeper.ts';
import type { LiveExchanges } from './liveExchanges.ts';
import { codeName } from './login/handover.ts';
import type { Logins } from './login/logins.ts';
import { follow } from './login/pages.ts';
import { returnAddress } from './login/returnPath.ts';
import type { Door } from './policy.ts';
import { type Session, Sessions, type Share } from './session.ts';

export interface AccessParts extends DoorRules {
  readonly crossSite: CrossSiteRules;
  readonly gatekeeper: Gatekeeper;
  readonly sessions: Sessions;
  readonly failures: Failures;
  /** undefined where nobody can log in. */
  readonly logins: Logins | undefined;
  readonly live: LiveExchanges;
  readonly log: Log;
  readonly observer: Observer;
}

/** Stage 3: lets in who may, and takes away what was shown to us and is not the sandbox's. */
export function guard(parts: AccessParts): RequestHandler {
  const find = findDoor(parts);
  return (req, res, next) => {
    req.exchange.timeline.enter('access');
    const door = find(req.exchange);
    if (door instanceof Promise) return door.then((found) => pass(parts, found, req, res, next));
    return pass(parts, door, req, res, next);
  };
}

type Next = () => void;

function pass(parts: AccessParts, door: Door, req: Request, res: Response, next: Next) {
  if (clientLeft(req, res)) return;
  const { exchange } = req;
  exchange.originMode = door.origin;
  if (door.state === 'closed') throw new ProxyError('RESERVED_PORT');
  // A code is worth a session: it never goes on to the sandbox, whatever became of it.
  const { value: code, rest } = takeQuery(exchange.target, codeName);
  exchange.target = rest;
  if (code !== undefined) return redeem(parts, door, code, req, res, next);
  return knock(parts, door, req, res, next);
}

/** Takes a code, good or not, and goes on with a page that came by it. */
async function redeem(
  parts: AccessParts,
  door: Door,
  code: string,
  req: Request,
  res: Response,
  next: Next,
): Promise<void> {
  const { exchange } = req;
  const taken = await parts.logins?.redeem(req, exchange, code);
  if (clientLeft(req, res)) return;
  if (door.state === 'open' || !isNavigation(req)) return knock(parts, door, req, res, next);
  if (!taken) throw new ProxyError('LOGIN_FAILED');
  return startSession(parts, req, res, taken, exchange.target);
}

function knock(parts: AccessParts, door: Door, req: Request, res: Response, next: Next) {
  if (door.state !== 'open') return ask(parts, req, res, next);
  req.exchange.target = takeQuery(req.exchange.target, queryKeyName).rest;
  return next();
}

/** Asks the visitor at a guarded door, and goes on with who may enter. */
async function ask(parts: AccessParts, req: Request, res: Response, next: Next): Promise<void> {
  const { exchange } = req;
  const { logins } = parts;
  const admission = await admit(parts, req);
  if (clientLeft(req, res)) return;
  if (!admission) {
    // Programs ask for the toolbox, and its one host cannot hold a session for each sandbox.
    if (!logins || exchange.mount !== '' || !isNavigation(req)) {
      throw new ProxyError('LOGIN_REQUIRED');
    }
    return follow(req, res, await logins.begin(req, exchange));
  }
  exchange.admittedTo = admission.sandboxId;
  checkShare(admission.share, exchange);
  // On a signed address whoever has it could do the same without the cookie.
  if (admission.session && !admission.session.signed) checkOrigin(parts.crossSite, req);
  return welcome(parts, admission, req, res, next);
}

/** Looks at what the visitor shows; of a client that failed too often, at its session alone. */
async function admit(parts: AccessParts, req: Request): Promise<Admission | undefined> {
  const { gatekeeper, failures, log, observer } = parts;
  const { requestId, target, visitor } = req.exchange;
  const address = addressOf(req.exchange);
  const credentials = findCredentials(req, target, Sessions.cookieName(visitor.proto));
  const { signed } = req.exchange;
  const knock: Knock = {
    address,
    host: visitor.host,
    client: visitor.network,
    credentials,
    signed,
  };
  const { bearer, previewToken, queryKey } = credentials;
  // The Bearer of somebody else's is the app's; one that nobody has judged may be Daytona's.
  if (bearer !== undefined) req.exchange.withheld = 'authorization';
  const guesses = bearer !== undefined || previewToken !== undefined || queryKey !== undefined;
  const wait = guesses ? await failures.waitFor(visitor.network) : undefined;
  if (wait !== undefined) {
    const admission = await gatekeeper.bySession(knock);
    if (!admission) throw new ProxyError('TOO_MANY_FAILURES', { retryAfter: wait });
    return admission;
  }
  // Another site can have a visitor's browser fail as often as it likes.
  const deliberate = !/^(?:cross|same)-site$/.test(String(req.headers['sec-fetch-site'] ?? ''));
  let failed = false;
  const admission = await gatekeeper.admit(knock, (method, good) => {
    if (method === 'bearer' && !good) req.exchange.withheld = undefined;
    if (!good && deliberate && method !== 'session' && method !== 'share') failed = true;
    const facts = { requestId, client: visitor.address, sandbox: address.id };
    const level = method === 'session' && good ? 'debug' : 'info';
    log(level, 'access.attempt', { ...facts, method, outcome: good ? 'good' : 'bad' });
    observer.attempt(method, good);
  });
  if (!admission && failed) await failures.note(visitor.network);
  return admission;
}

/** Takes our credential off the request, and gives or renews a session where there should be one. */
async function welcome(
  parts: AccessParts,
  { method, sandboxId, session, visitor, share }: Admission,
  req: Request,
  res: Response,
  next: Next,
): Promise<void> {
  const { exchange } = req;
  const { rest } = takeQuery(exchange.target, queryKeyName);
  exchange.target = rest;
  const maySession = exchange.mount === '' && isNavigation(req);
  if ((method === 'key' || method === 'share') && maySession) {
    return startSession(parts, req, res, { sandboxId, visitor, share }, rest);
  }
  if (session && Sessions.isOld(session)) await addSession(parts, exchange, session);
  // The address stays as it is: the token is its host.
  if (method === 'signed' && maySession) {
    await addSession(parts, exchange, {
      host: exchange.visitor.host,
      sandboxId,
      visitor,
      signed: true,
    });
  }
  if (clientLeft(req, res)) return;
  exchange.restricted = share !== undefined;
  if (share) parts.live.add(share.id, share.expiresAt, exchange, req.socket);
  if (session?.login) parts.live.add(session.login, Number.POSITIVE_INFINITY, exchange, req.socket);
  next();
}

async function addSession(
  { sessions }: AccessParts,
  { ownFields, visitor }: Exchange,
  session: Session,
): Promise<void> {
  ownFields.push('Set-Cookie', await sessions.issue(session, visitor.proto));
}

/** Gives the visitor a session, and the address without what was shown in it. */
async function startSession(
  { sessions }: AccessParts,
  req: Request,
  res: Response,
  { sandboxId, visitor, share, login }: Omit<Session, 'host'>,
  target: string,
): Promise<void> {
  const { host, proto } = req.exchange.visitor;
  const cookie = await sessions.issue({ host, sandboxId, visitor, share, login }, proto);
  if (clientLeft(req, res)) return;
  req.exchange.ownFields.push('Set-Cookie', cookie);
  sendRedirect(req, res, returnAddress(proto, host, target));
}

/** What a session lets in must be the visitor's own doing, and not be framed by a sibling. */
function checkOrigin(rules: CrossSiteRules, req: Request): void {
  const { kind, ownFields, visitor } = req.exchange;
  const own = ownOrigin(visitor);
  if (isForeign(req, kind === 'websocket', own, rules)) throw new ProxyError('CROSS_SITE');
  ownFields.push('Content-Security-Policy', framedBy(rules.embedders));
}

/** A share link opens a part of a sandbox, perhaps only for reading. */
function checkShare(share: Share | undefined, { kind, method, target }: Exchange): void {
  if (!share) return;
  const reads = kind === 'http' && (method === 'GET' || method === 'HEAD');
  if ((share.readOnly && !reads) || !isBelow(target, share.pathPrefix)) {
    throw new ProxyError('SHARE_FORBIDS');
  }
}

/** True for a path below a prefix; what a server could read as a way out of it is none. */
export function isBelow(target: string, prefix: string): boolean {
  if (prefix === '/') return true;
  const path = target.split('?', 1)[0] ?? '';
  if (/(?:^|\/)\.{1,2}(?:\/|$)|\/\/|\\|%(?:2e|2f|5c)|;/i.test(path)) return false;
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}
