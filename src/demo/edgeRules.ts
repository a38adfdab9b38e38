import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Admitted } from './carrier.ts';
import type { Faults } from './faults.ts';
import type { Refusals } from './refusals.ts';
import { appOf, isUp, refuse, reservedPorts } from './sandboxDoor.ts';
import type { Sandbox } from './sandboxes.ts';
import { admitToToolbox, type ToolboxDoor } from './toolboxDoor.ts';

export interface EdgeRules extends ToolboxDoor {
  readonly domain: string;
  readonly faults: Faults;
  readonly refusals: Refusals;
}

const tokenHeader = 'x-daytona-preview-token';
const steering = new Set([
  'x-daytona-skip-preview-warning',
  'x-daytona-disable-cors',
  'x-daytona-trust-forwarded-host',
  'x-daytona-skip-last-activity-update',
]);

/**
 * Decides on a request as Daytona's preview edge does; see DAYTONA.md, "The preview edge".
 *
 * @returns how to go on, or undefined where the edge has answered itself
 */
export function admit(
  req: IncomingMessage,
  res: ServerResponse,
  rules: EdgeRules,
): Admitted | undefined {
  const { domain, sandboxes, faults, refusals } = rules;
  const [, digits, label = ''] = /^(\d+)-([^.]+)\./.exec(req.headers.host ?? '') ?? [];
  const port = Number(digits);
  const signed = sandboxes.signed(label);
  const sandbox = sandboxes.find(signed?.sandboxId ?? label);
  if (!port) return admitToToolbox(req, res, rules);
  if (!sandbox) return refuse(res, 404, 'sandbox container not found');
  const query = new URLSearchParams(req.url?.split('?', 2)[1]);
  const open = sandbox.public && !reservedPorts.has(port);
  if (!open && signed?.port !== port && !holdsToken(req, res, query, sandbox, refusals)) {
    if (!faults.newerRefusal) return sendToLogin(res, domain, sandbox.id);
    const reason = 'unauthorized: authentication failed: no valid credential';
    return refuse(res, 401, reason, 'UNAUTHORIZED');
  }
  if (wantsWarning(req)) return showWarning(res);
  const allowed = corsOf(req);
  if (allowed.length > 0 && req.method === 'OPTIONS') {
    res.writeHead(204, allowed).end();
    return undefined;
  }
  if (sandbox.state === 'archived') {
    return refuse(res, 400, 'bad request: failed to get runner info: 404 Not Found');
  }
  if (!isUp(sandbox, res)) return undefined;
  if (req.headers['x-daytona-skip-last-activity-update'] !== 'true') {
    sandbox.lastActivityAt = new Date().toISOString();
  }
  const appPort = appOf(sandbox, port, faults.listenMs, res);
  if (appPort === undefined) return undefined;
  const headers = appHeaders(req, port, sandbox);
  return { appPort, path: req.url ?? '/', headers, added: allowed };
}

function holdsToken(
  req: IncomingMessage,
  res: ServerResponse,
  query: URLSearchParams,
  sandbox: Sandbox,
  refusals: Refusals,
): boolean {
  const opens = (token: unknown) =>
    typeof token === 'string' && refusals.opens(sandbox.id, token, token === sandbox.token);
  if (opens(req.headers[tokenHeader])) return true;
  if (!opens(query.get('DAYTONA_SANDBOX_AUTH_KEY'))) return false;
  res.setHeader(
    'Set-Cookie',
    `daytona-sandbox-auth-${sandbox.id}=${randomUUID()}; Path=/; HttpOnly`,
  );
  return true;
}

function sendToLogin(res: ServerResponse, domain: string, sandboxId: string): undefined {
  const callback = encodeURIComponent(`https://${domain}/callback`);
  res.writeHead(307, {
    'Set-Cookie': `pkce_verifier=${randomUUID()}; Path=/; HttpOnly`,
    Location: `https://dex.${domain}/auth?client_id=daytona&redirect_uri=${callback}&state=${sandboxId}`,
  });
  res.end();
}

function wantsWarning({ headers }: IncomingMessage): boolean {
  return (
    headers['x-daytona-skip-preview-warning'] !== 'true' &&
    headers.upgrade === undefined &&
    /Mozilla/.test(headers['user-agent'] ?? '') &&
    /text\/html/.test(headers.accept ?? '')
  );
}

function showWarning(res: ServerResponse): undefined {
  res.writeHead(200, {
    'Content-Type': 'text/html',
    'Set-Cookie': 'daytona-preview-page-accepted=false; Path=/',
  });
  res.end('<!doctype html><title>Daytona Preview - Warning</title><h1>Preview URL warning</h1>');
}

function corsOf({ headers }: IncomingMessage): string[] {
  if (headers.origin === undefined || headers['x-daytona-disable-cors'] === 'true') return [];
  return [
    'Access-Control-Allow-Origin',
    headers.origin,
    'Access-Control-Allow-Credentials',
    'true',
  ];
}

/** The app's view: a local Host, no steering, and the token only on a public sandbox. */
function appHeaders(req: IncomingMessage, port: number, sandbox: Sandbox): string[] {
  const trusted = req.headers['x-daytona-trust-forwarded-host'] === 'true';
  const headers: string[] = [];
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const name = req.rawHeaders[i]?.toLowerCase() ?? '';
    const value = req.rawHeaders[i + 1] ?? '';
    if (steering.has(name) || (name === tokenHeader && !sandbox.public)) continue;
    if (name === 'host') headers.push('Host', `localhost:${port}`);
    else if (name === 'x-forwarded-host' && !trusted) headers.push(name, req.headers.host ?? '');
    else headers.push(req.rawHeaders[i] ?? '', value);
  }
  return headers;
}
