import type { Refusal } from '../exchange.ts';

/** Daytona's JSON refusals are a few hundred bytes long. */
export const longestRefusal = 4096;

/**
 * Tells from an answer's head whether Daytona's edge and not the app said no. Several markers are
 * read together (DAYTONA.md, "How it says no"): an app may well answer 307, 401 or 502 itself.
 *
 * @param edgeHost the host that was asked: the edge's domain stands behind its first label
 * @returns the refusal; or `read-body` where only the body can tell, `unclear` where that is never
 *   sent; or undefined for the app's own
 */
export function refusalByHead(
  method: string | undefined,
  status: number,
  rawHeaders: readonly string[],
  edgeHost: string,
): Refusal | 'read-body' | 'unclear' | undefined {
  if (status !== 307 && status !== 400 && status !== 401 && status !== 404 && status !== 502) {
    return undefined;
  }
  const headers = new Map<string, string>();
  let verifier = false;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = (rawHeaders[i] ?? '').toLowerCase();
    const value = rawHeaders[i + 1] ?? '';
    headers.set(name, value);
    verifier ||= name === 'set-cookie' && value.startsWith('pkce_verifier=');
  }
  const length = headers.get('content-length');
  if (status === 307) {
    return verifier && leadsBackTo(edgeHost, headers.get('location')) ? 'token' : undefined;
  }
  if (status === 502) {
    const empty = length === '0' || (length === undefined && method === 'HEAD');
    const bare = [...headers.keys()].every((name) => ofGateways.test(name));
    return empty && bare ? 'not-listening' : undefined;
  }
  if (!headers.get('content-type')?.startsWith('application/json')) return undefined;
  // What has no body need not say how long it would have been (RFC 9110, section 8.6).
  if (method === 'HEAD' && length === undefined) return 'unclear';
  if (length === undefined || Number(length) === 0 || Number(length) > longestRefusal) {
    return undefined;
  }
  return method === 'HEAD' ? 'unclear' : 'read-body';
}

/** What an answer has that no app has made: all fields are those of servers on the way. */
const ofGateways =
  /^(?:date|server|connection|keep-alive|content-length|via|alt-svc|strict-transport-security|x-request-id|cf-.*|x-daytona-.*|access-control-.*|vary)$/;

/** True for a login that ends at the edge's own domain, and not at an app's. */
function leadsBackTo(edgeHost: string, location = ''): boolean {
  const back = URL.canParse(location) ? new URL(location).searchParams.get('redirect_uri') : null;
  if (back === null || !URL.canParse(back)) return false;
  const { hostname, pathname } = new URL(back);
  return pathname === '/callback' && edgeHost.slice(edgeHost.indexOf('.') + 1) === hostname;
}

/** Reads the JSON body of a possible refusal. */
export function refusalByBody(status: number, body: string): Refusal | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return undefined;
  }
  const { code, message } = (parsed ?? {}) as { code?: unknown; message?: unknown };
  if (typeof message !== 'string') return undefined;
  switch (status) {
    case 401:
      return code === 'UNAUTHORIZED' && message.startsWith('unauthorized: authentication failed')
        ? 'token'
        : undefined;
    case 400:
      if (message.endsWith('no IP address found. Is the Sandbox started?')) return 'stopped';
      return message.startsWith('bad request: failed to get runner info') ? 'archived' : undefined;
    case 404:
      return message.includes('sandbox container not found') ? 'gone' : undefined;
    default:
      return undefined;
  }
}

/** An answer as it came. */
export interface WholeAnswer {
  readonly status: number;
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
}

/** An answer by which Daytona's edge says that it has not let the request through to the app. */
export class Refused extends Error {
  /** `unclear` where it has no body, by which alone it could be told from the app's. */
  readonly refusal: Refusal | 'unclear';
  /** For the case that it was the app's after all. */
  readonly answer: WholeAnswer;

  constructor(refusal: Refusal | 'unclear', answer: WholeAnswer) {
    super(`refused: ${refusal}`);
    this.refusal = refusal;
    this.answer = answer;
  }
}
