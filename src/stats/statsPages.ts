import { readFileSync } from 'node:fs';
import { type Request, type Response, Router } from 'express';
import { clientLeft } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import { protection } from '../replies/look.ts';
import { sendEmpty, sendProtected, sendRedirect, wantsPage } from '../replies/send.ts';
import { type Door, isOthersDoing } from './door.ts';
import { readForm } from './form.ts';
import type { Listeners } from './listeners.ts';
import { loginPage, statsPage } from './page.ts';
import { styleHash } from './style.ts';

/** Drops what is known of a sandbox, or of all; whose request wants it stands in the log. */
export type Forget = (
  by: { readonly requestId: string; readonly client: string },
  sandbox?: { readonly id: string; readonly port: number | undefined },
) => void;

export interface StatsPagesParts {
  readonly door: Door;
  readonly listeners: Listeners;
  readonly forget: Forget;
}

const script = readFileSync(new URL('./browser.js', import.meta.url), 'utf8');
const html = 'text/html; charset=utf-8';

/**
 * Only our own script and our own stream; no frame around it, in which somebody could be led to
 * press its buttons. Without a referrer a browser would say `Origin: null` with its forms.
 */
const protectPage = protection(
  {
    defaultSrc: ["'none'"],
    baseUri: ["'none'"],
    styleSrc: [styleHash],
    scriptSrc: ["'self'"],
    connectSrc: ["'self'"],
    imgSrc: ['data:'],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  'same-origin',
);

/**
 * `/stats` for people, and what belongs to it. What a program asks `/stats` for is not answered
 * here: it goes on to the JSON of the ops pages.
 */
export function statsPages({ door, listeners, forget }: StatsPagesParts): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const show = (req: Request, res: Response, status: 200 | 401, body: string) => {
    if (clientLeft(req, res)) return;
    res.setHeader('Vary', 'Accept, Sec-Fetch-Dest');
    if (status === 401) {
      req.exchange.error = 'UNAUTHORIZED';
      res.setHeader('X-Proxy-Error', req.exchange.error);
      res.setHeader('WWW-Authenticate', 'Bearer');
    }
    sendProtected(req, res, status, html, body, protectPage);
  };

  router.get('/stats', async (req, res, next) => {
    if (!wantsPage(req)) return next();
    const admission = await door.admit(req);
    if (admission) {
      const body = statsPage(await listeners.report(), admission.by === 'cookie');
      return show(req, res, 200, body);
    }
    if (!door.hasForm) throw new ProxyError('UNAUTHORIZED');
    return show(req, res, 401, loginPage());
  });

  router.get('/stats/page.js', (req, res) => {
    sendProtected(req, res, 200, 'text/javascript; charset=utf-8', script, protectPage);
  });

  router.get('/stats/events', async (req, res) => {
    // Another page could not read it, but take all places.
    if (isOthersDoing(req)) throw new ProxyError('CROSS_SITE');
    const { until } = await door.require(req);
    if (clientLeft(req, res)) return;
    if (req.method === 'HEAD') sendEmpty(req, res, 200);
    else await listeners.add(req, res, until);
  });

  router.post('/stats/login', async (req, res) => {
    const read = async () => (await readForm(req, res)).get('token') ?? '';
    const cookie = await door.logIn(req, read);
    if (cookie === undefined) return show(req, res, 401, loginPage('That is not the token.'));
    return goBack(req, res, cookie);
  });

  router.post('/stats/logout', (req, res) => goBack(req, res, door.logOut(req)));

  router.post('/stats/forget', async (req, res) => {
    await door.requireChange(req);
    const form = await readForm(req, res);
    const key = form.get('key');
    if (key === null && form.get('all') !== 'yes') throw new ProxyError('NOT_FOUND');
    drop(req, key);
    goBack(req, res);
  });

  router.delete(['/stats', '/stats/:key'], async (req, res) => {
    await door.requireChange(req);
    drop(req, 'key' in req.params ? String(req.params.key) : null);
    if (!clientLeft(req, res)) sendEmpty(req, res, 204);
  });

  const drop = ({ exchange: { requestId, visitor } }: Request, key: string | null) => {
    forget({ requestId, client: visitor.address }, key === null ? undefined : sandboxOf(key));
    listeners.tell();
  };
  return router;
}

/** Reads the key of a table's row, `{id}:{port}`, or an id alone. */
function sandboxOf(key: string): { id: string; port: number | undefined } {
  const [, id, port] = /^([\w.-]{1,200})(?::(\d{1,5}))?$/.exec(key) ?? [];
  if (id === undefined) throw new ProxyError('NOT_FOUND');
  return { id, port: port === undefined ? undefined : Number(port) };
}

function goBack(req: Request, res: Response, cookie?: string): void {
  if (clientLeft(req, res)) return;
  if (cookie !== undefined) req.exchange.ownFields.push('Set-Cookie', cookie);
  sendRedirect(req, res, '/stats');
}
