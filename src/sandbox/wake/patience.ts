import type { IncomingMessage } from 'node:http';
import { createIsbotFromList, list } from 'isbot';
import { isNavigation } from '../../access/crossSite.ts';
import { remembered } from '../../remembered.ts';

/** Which requests start a sandbox that sleeps. */
export type WakeMode = 'off' | 'navigation' | 'any';

/** What a request may do about a sandbox that does not run. */
export type Patience = 'start' | 'wait' | 'leave';

/** isbot counts programs as bots; ours are meant to work with sandboxes, and browsers under test. */
const programs = [
  'curl/8.5.0',
  'Wget/1.21.3',
  'node',
  'undici',
  'node-fetch/3.3.2',
  'axios/1.7.2',
  'python-requests/2.32.0',
  'python-httpx/0.27.0',
  'Python/3.12 aiohttp/3.9.5',
  'Python-urllib/3.12',
  'Go-http-client/1.1',
  'okhttp/4.12.0',
  'Java/21.0.1',
  'PostmanRuntime/7.39.0',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0.0.0 Safari/537.36',
];
const matchesCrawler = createIsbotFromList(
  list.filter((pattern) => !programs.some((agent) => new RegExp(pattern, 'i').test(agent))),
);
const isCrawler = remembered((agent) => matchesCrawler(agent));

const icon = /\/(?:favicon\.[a-z]+|apple-touch-icon[^/]*\.png|robots\.txt)$/i;
const prefetching = ['purpose', 'sec-purpose', 'x-purpose', 'x-moz'];

type Asked = Pick<IncomingMessage, 'method' | 'headers'>;

/**
 * True for a request that no person and no program waits for: favicons, prefetches, crawlers, and
 * event streams, to which a forgotten tab reconnects for ever.
 *
 * @param path of the target, without its query
 */
export function isUnattended({ headers }: Asked, path: string): boolean {
  if (icon.test(path) || /\btext\/event-stream\b/i.test(headers.accept ?? '')) return true;
  if (prefetching.some((name) => /prefetch|prerender|preview/i.test(String(headers[name] ?? '')))) {
    return true;
  }
  const agent = headers['user-agent'];
  return agent !== undefined && isCrawler(agent);
}

/** Decides what a request that has passed access control may do about a sandbox that sleeps. */
export function patienceOf(mode: WakeMode, req: Asked, path: string): Patience {
  if (mode === 'off' || isUnattended(req, path)) return 'leave';
  if (mode === 'any') return 'start';
  const { method, headers } = req;
  const reads = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  const writes = !reads && headers.upgrade === undefined;
  return writes || isNavigation(req) ? 'start' : 'wait';
}
