import type { IncomingMessage } from 'node:http';
import { cookiesNamed, longestSecret } from './cookies.ts';

/** Everything that a request shows to be let in, as text that nobody has checked yet. */
export interface Credentials {
  /** Of `Authorization: Bearer`; it may be the app's own. */
  readonly bearer: string | undefined;
  /** Of `X-Daytona-Preview-Token`. */
  readonly previewToken: string | undefined;
  /** Of the query, `DAYTONA_SANDBOX_AUTH_KEY`. */
  readonly queryKey: string | undefined;
  /** Every cookie with the name of our session. */
  readonly sessions: readonly string[];
}

/** The name of the query parameter that Daytona's own links use. */
export const queryKeyName = 'DAYTONA_SANDBOX_AUTH_KEY';

/** Finds the credentials of a request; one that is given twice is none. */
export function findCredentials(
  req: Pick<IncomingMessage, 'headers'>,
  target: string,
  sessionCookie: string,
): Credentials {
  const { authorization, cookie } = req.headers;
  const token = req.headers['x-daytona-preview-token'];
  return {
    bearer: bounded(/^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1]),
    previewToken: bounded(typeof token === 'string' ? token.trim() : undefined),
    queryKey: bounded(takeQuery(target, queryKeyName).value),
    sessions: cookiesNamed(cookie, sessionCookie),
  };
}

/**
 * Takes a parameter out of the query of a request's target; all else stays byte for byte.
 *
 * @returns the value where it is given exactly once and not empty, and the target without it
 */
export function takeQuery(
  target: string,
  name: string,
): { readonly value: string | undefined; readonly rest: string } {
  const mark = target.indexOf('?');
  if (mark < 0 || !target.includes(name, mark)) return { value: undefined, rest: target };
  const values: string[] = [];
  const kept = target
    .slice(mark + 1)
    .split('&')
    .filter((part) => {
      const equals = part.indexOf('=');
      if ((equals < 0 ? part : part.slice(0, equals)) !== name) return true;
      values.push(equals < 0 ? '' : decode(part.slice(equals + 1)));
      return false;
    });
  if (values.length === 0) return { value: undefined, rest: target };
  const path = target.slice(0, mark);
  const rest = kept.length > 0 ? `${path}?${kept.join('&')}` : path;
  return { value: values.length === 1 ? values[0] || undefined : undefined, rest };
}

function bounded(text: string | undefined): string | undefined {
  return text !== undefined && text !== '' && text.length <= longestSecret ? text : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
