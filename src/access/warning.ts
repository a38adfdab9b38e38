import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { ProxyError } from '../replies/errors.ts';
import { escapeHtml, type PageContent } from '../replies/page.ts';
import { sendForm, sendRedirect } from '../replies/send.ts';
import { cookieName, cookiesNamed, setCookie } from './cookies.ts';
import { takeQuery } from './credentials.ts';
import { framedBy, isNavigation, ownOrigin } from './crossSite.ts';
import { returnAddress, withParameter } from './login/returnPath.ts';

export interface WarningRules {
  /** False where nobody is warned: then nothing here is ours, the parameter below neither. */
  readonly enabled: boolean;
  /** Origins whose pages may show a sandbox in a frame, and this page before it. */
  readonly embedders: ReadonlySet<string>;
  /** True where the answer is to be remembered in frames of other sites too. */
  readonly partitioned: boolean;
}

/** The parameter of the address that the warning's button posts to. */
export const acceptName = 'DAYTONA_PROXY_ACCEPT';

/** Below `daytona-proxy`, so that no sandbox sees the cookie or sets it. */
const warnedName = 'daytona-proxy-warned';
const daySeconds = 86_400;

/**
 * Takes the press of the warning's button, and leads back to the address that it was shown at. It
 * stands before the question who may: whoever had a session by a link that only reads may press it
 * too, and whose session is over by now is sent to the login as by any other navigation. It says
 * and opens nothing of a sandbox.
 */
export function takeAcceptance({ enabled, partitioned }: WarningRules): RequestHandler {
  if (!enabled) return (_req, _res, next) => next();
  return (req, res, next) => {
    const { kind, method, mount, target, visitor } = req.exchange;
    if (kind !== 'http' || method !== 'POST' || mount !== '') return next();
    const { value, rest } = takeQuery(target, acceptName);
    if (value !== '1') return next();
    if (!isOwnDoing(req)) throw new ProxyError('CROSS_SITE');
    const { proto, host } = visitor;
    const cookie = setCookie(warnedName, '1', { proto, seconds: daySeconds, partitioned });
    req.exchange.ownFields.push('Set-Cookie', cookie);
    return sendRedirect(req, res, returnAddress(proto, host, rest));
  };
}

/** Tells a person, once a day and host, that what follows is not the operator's. */
export function warnVisitors({ enabled, embedders }: WarningRules): RequestHandler {
  if (!enabled) return (_req, _res, next) => next();
  return (req, res, next) => {
    const { kind, mount, target } = req.exchange;
    const shown = kind === 'http' && mount === '' && isNavigation(req);
    if (!shown || wantsNone(req) || hasAccepted(req)) return next();
    // Another preview could lay its own page over the button.
    req.exchange.ownFields.push('Content-Security-Policy', framedBy(embedders));
    return sendForm(req, res, warningPage(takeQuery(target, acceptName).rest));
  };
}

/** Another page could otherwise have a visitor accept what he has not read. */
function isOwnDoing(req: IncomingMessage): boolean {
  const { origin, 'sec-fetch-site': site } = req.headers;
  return origin?.toLowerCase() === ownOrigin(req.exchange.visitor) || site === 'same-origin';
}

function wantsNone({ headers }: IncomingMessage): boolean {
  return headers['x-daytona-skip-preview-warning'] === 'true';
}

function hasAccepted({ headers, exchange }: IncomingMessage): boolean {
  return cookiesNamed(headers.cookie, cookieName(warnedName, exchange.visitor.proto)).length > 0;
}

/**
 * The form's address is a query alone, which is the page's own path with that query: `//evil.example`
 * would be another host there, and what the visitor's front calls us is not known for sure.
 */
function warningPage(target: string): PageContent {
  const address = withParameter(target, acceptName, '1');
  const action = escapeHtml(address.slice(address.indexOf('?')));
  return {
    title: 'Before you go on',
    headline: 'What follows is not ours.',
    body: `<p>A sandbox serves this address: somebody’s own program, and not the operator of this site.</p>
<h2>What you can do</h2>
<p>Go on, and enter no password, key or other secret there unless you trust whoever made it.</p>
<form method="post" action="${action}"><button>I understand, go on</button></form>
<p>You are asked once a day for each address.</p>`,
  };
}
