import type { IncomingMessage } from 'node:http';
import { isNavigation } from '../../access/crossSite.ts';
import { isRead } from '../../exchange.ts';
import { remembered } from '../../remembered.ts';

/** Which requests start a sandbox that sleeps. */
export type WakeMode = 'off' | 'navigation' | 'any';

/** What a request may do about a sandbox that does not run. */
export type Patience = 'start' | 'wait' | 'leave';

/**
 * Crawlers, link previews and monitors, by what they call themselves. A list of what they are not
 * would be of no use: programs that work with sandboxes name themselves as they like.
 */
const isCrawler = remembered((agent) =>
  /(?<!cu)bot(?:[^a-z]|$)|crawl|spider|slurp|externalhit|meta-external|whatsapp|link-?preview|uripreview|bingpreview|embedly|pinterest|vkshare|google-|mediapartners|lighthouse|pingdom|statuscake|uptime/i.test(
    agent,
  ),
);
const icon = /\/(?:favicon\.[a-z]+|apple-touch-icon[^/]*\.png|robots\.txt)$/i;
const takesEvents = /(?:^|,)\s*text\/event-stream\s*(?:[;,]|$)/i;
const takesPages = /\btext\/html\b/i;
const prefetching = ['purpose', 'sec-purpose', 'x-purpose', 'x-moz'];

type Asked = Pick<IncomingMessage, 'method' | 'headers'>;

/**
 * True for a request that no person and no program waits for: favicons, prefetches, crawlers, and
 * event streams, to which a forgotten tab reconnects for ever. A write is never that.
 *
 * @param path of the target, without its query
 */
export function isUnattended({ method, headers }: Asked, path: string): boolean {
  if (!isRead(method)) return false;
  if (icon.test(path) || isEventReader(headers)) return true;
  if (prefetching.some((name) => /prefetch|prerender|preview/i.test(String(headers[name] ?? '')))) {
    return true;
  }
  const agent = headers['user-agent'];
  return agent !== undefined && isCrawler(agent);
}

/** True for an EventSource, and for the scripts that do its work by themselves. */
function isEventReader({ accept = '', 'last-event-id': last }: Asked['headers']): boolean {
  return last !== undefined || (takesEvents.test(accept) && !takesPages.test(accept));
}

/** Decides what a request that has passed access control may do about a sandbox that sleeps. */
export function patienceOf(mode: WakeMode, req: Asked, path: string): Patience {
  if (mode === 'off' || isUnattended(req, path)) return 'leave';
  if (mode === 'any' || !isRead(req.method)) return 'start';
  return isNavigation(req) ? 'start' : 'wait';
}
