import { type Request, type Response, Router } from 'express';
import { clientLeft } from '../../exchange.ts';
import { splitHost } from '../../host/parse.ts';
import { ProxyError } from '../../replies/errors.ts';
import { sendNotice, sendRedirect } from '../../replies/send.ts';
import { isNavigation } from '../crossSite.ts';
import type { Logins, Step } from './logins.ts';

/** `/login`, `/callback` and `/logout` of our own host; elsewhere these paths are nobody's. */
export function loginPages(logins: Logins, domains: readonly string[]): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.use((req, _res, next) => next(isOwn(req, domains) ? undefined : 'router'));

  // What a page loads by itself, an image for one, must carry no login from host to host.
  router.get(['/login', '/callback'], (req, _res, next) =>
    next(isNavigation(req) ? undefined : new ProxyError('LOGIN_REQUIRED')),
  );
  router.get('/login', async (req, res) => {
    const { to } = req.query;
    follow(req, res, await logins.enter(req, req.exchange, typeof to === 'string' ? to : ''));
  });
  router.get('/callback', async (req, res) => {
    follow(req, res, await logins.finish(req, req.exchange));
  });
  router.get('/logout', async (req, res) => {
    // An image on somebody's page must not log anybody out.
    if (!isNavigation(req)) return sendNotice(req, res, 'Open this address in your browser.');
    const { any, cookie } = await logins.logOut(req, req.exchange);
    if (clientLeft(req, res)) return undefined;
    req.exchange.ownFields.push('Set-Cookie', cookie);
    const said = any ? 'You are logged out of all sandboxes.' : 'You were not logged in.';
    return sendNotice(req, res, said);
  });
  return router;
}

/** Sends a browser on, with the cookies that it needs on the way. */
export function follow(req: Request, res: Response, { location, cookies }: Step): void {
  if (clientLeft(req, res)) return;
  for (const cookie of cookies) req.exchange.ownFields.push('Set-Cookie', cookie);
  sendRedirect(req, res, location);
}

function isOwn({ exchange }: Request, domains: readonly string[]): boolean {
  return domains.includes(splitHost(exchange.visitor.host).name);
}
