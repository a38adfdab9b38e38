import type { Exchange, Trail } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import { canonicalName } from './headerNames.ts';
import { type LocationContext, locationContext, ownLocation } from './location.ts';
import type { RequestBody } from './requestBody.ts';

/** A redirect within the sandbox, which is followed for the visitor. */
export class Redirected extends Error {
  readonly trail: Trail;

  constructor(trail: Trail) {
    super('redirected within the sandbox');
    this.trail = trail;
  }
}

/**
 * Begins a trail where redirects may be followed. Not for who may see a part of the sandbox alone,
 * because it could lead out of that: then the visitor is sent there. For a WebSocket it is without
 * effect, whose answer is carried elsewhere.
 *
 * @param limit so many redirects are followed; with 0 none is
 */
export function beginTrail(exchange: Exchange, limit: number): Trail | undefined {
  if (limit === 0 || exchange.restricted) return undefined;
  const { method, target } = exchange;
  return { limit, asked: [`${method} ${target}`], method, target, withBody: true };
}

/**
 * Says where a redirect leads that stays within the same port of the same sandbox.
 *
 * @param bodyKept whether the request's body, if it has one, has come and is kept to the last byte
 * @returns the longer trail; `circle` where it would not end; undefined for what is the visitor's
 */
export function nextOnTrail(
  trail: Trail,
  { status, location }: { readonly status: number; readonly location: string | undefined },
  context: LocationContext,
  bodyKept: boolean,
): Trail | 'circle' | undefined {
  if (location === undefined || !/^30[12378]$/.test(String(status))) return undefined;
  const target = ownTarget(location, trail.target, context);
  if (target === undefined) return undefined;
  const { method: before, limit, asked } = trail;
  // RFC 9110, sections 15.4.2 to 15.4.4: what every browser does.
  const turned = status === 303 ? before !== 'HEAD' : status < 303 && before === 'POST';
  const method = turned ? 'GET' : before;
  const withBody = trail.withBody && !turned && status !== 303;
  if (withBody && !bodyKept) return undefined;
  const next = `${method} ${target}`;
  if (asked.length > limit || asked.includes(next)) return 'circle';
  return { limit, asked: [...asked, next], method, target, withBody };
}

/**
 * Reads an answer on a trail.
 *
 * @param body of the request that was answered
 * @returns what its exchange ends with; undefined for an answer that goes to the visitor
 */
export function redirectIn(
  exchange: Exchange,
  status: number,
  rawHeaders: readonly string[],
  body: RequestBody | undefined,
): Redirected | ProxyError | undefined {
  if (!exchange.trail || status < 301 || status > 308) return undefined;
  const names = rawHeaders.filter((_text, i) => i % 2 === 0);
  const at = names.findIndex((name) => /^location$/i.test(name));
  const twice = names.slice(at + 1).some((name) => /^location$/i.test(name));
  const location = at < 0 || twice ? undefined : rawHeaders[2 * at + 1];
  const bodyKept = body?.whole !== false;
  const context = locationContext(exchange);
  const next = nextOnTrail(exchange.trail, { status, location }, context, bodyKept);
  if (next === 'circle') return new ProxyError('TOO_MANY_REDIRECTS');
  return next && new Redirected(next);
}

/** Of what was about the body alone, nothing is true once that is left out. */
const ofBodies = /^(?:content-.*|trailer|digest|repr-digest|expect)$/;

/** The visitor's fields as they go on along a trail: all but the cookies, as in Daytona's proxy. */
export function fieldsOnTrail(
  rawHeaders: readonly string[],
  trail: Trail | undefined,
): readonly string[] {
  if (!trail || trail.asked.length === 1) return rawHeaders;
  return rawHeaders.filter((_text, i) => {
    const name = canonicalName(rawHeaders[i - (i % 2)] ?? '');
    return name !== 'cookie' && (trail.withBody || !ofBodies.test(name));
  });
}

/**
 * Reads a Location as the visitor's browser would read what we make of it. Another scheme is
 * another address: an app that insists on HTTPS would redirect us for ever.
 *
 * @returns path and query below the mount; undefined where it leads to anybody else
 */
function ownTarget(location: string, at: string, context: LocationContext): string | undefined {
  const { proto, host, mount } = context;
  const base = `${proto}://${host}${mount}${at}`;
  const own = ownLocation(location, context);
  if (!URL.canParse(base) || !URL.canParse(own, base)) return undefined;
  const { origin, username, password, pathname, search } = new URL(own, base);
  if (origin !== new URL(base).origin || username !== '' || password !== '') return undefined;
  if (!pathname.startsWith(`${mount}/`)) return undefined;
  return pathname.slice(mount.length) + search;
}
