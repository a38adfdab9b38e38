import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Build, Builds } from './builds.ts';
import type { Admitted } from './carrier.ts';
import type { Faults } from './faults.ts';
import type { Sandbox } from './sandbox.ts';
import { appOf, isUp, refuse } from './sandboxDoor.ts';
import { type SessionsDoor, toSessions } from './sessions/door.ts';

export interface RunnerRules {
  /** The runner's key as it is now. */
  readonly apiKey: () => string;
  /** The sandbox of an id, if it lives on this runner. */
  readonly sandboxOf: (id: string) => Sandbox | undefined;
  readonly builds: Builds;
  readonly faults: Faults;
  /** Where the toolbox of its sandboxes listens. */
  readonly toolboxPort: () => number;
  readonly sessions: SessionsDoor;
}

const toolbox = 2280;
const keyHeader = 'x-daytona-authorization';
const sandboxPath = /^\/sandboxes\/([^/?]+)\/toolbox(?:\/proxy\/(\d+))?(?=[/?]|$)(.*)$/;

/**
 * Decides on a request as a Daytona's runner does; see DAYTONA.md, "Behind the edge".
 *
 * @returns how to go on, or undefined where the runner has answered itself
 */
export function admitToRunner(
  req: IncomingMessage,
  res: ServerResponse,
  rules: RunnerRules,
): Admitted | undefined {
  const url = req.url ?? '/';
  if (req.headers[keyHeader] !== `Bearer ${rules.apiKey()}`) {
    const reason = 'unauthorized: authentication failed: invalid runner key';
    return refuse(res, 401, reason, 'UNAUTHORIZED');
  }
  if (req.method === 'GET' && /^\/snapshots\/logs(?:\?|$)/.test(url)) {
    return sendLog(new URLSearchParams(url.split('?', 2)[1]), res, rules.builds);
  }
  const [, id = '', digits, rest = ''] = sandboxPath.exec(url) ?? [];
  if (id === '') return refuse(res, 404, 'not found', 'NOT_FOUND');
  const sandbox = rules.sandboxOf(id);
  if (!sandbox) return refuse(res, 404, 'sandbox container not found', 'NOT_FOUND');
  if (!isUp(sandbox, res)) return undefined;
  if (digits === undefined && /^\/process\/session(?=[/?]|$)/.test(rest)) {
    return toSessions(rules.sessions, id, rest, appHeaders(req, toolbox));
  }
  const port = digits === undefined ? toolbox : Number(digits);
  // The toolbox is an app of the sandbox like any other, which the embedded one has by itself.
  const own = port === toolbox && !sandbox.ports.has(port) ? rules.toolboxPort() : undefined;
  const appPort = own ?? appOf(sandbox, port, rules.faults.listenMs, res);
  if (appPort === undefined) return undefined;
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return { appPort, path, headers: appHeaders(req, port), added: [] };
}

/** What the app sees: a local Host and no key of the runner's; everything else as it came. */
function appHeaders({ rawHeaders }: IncomingMessage, port: number): string[] {
  const headers: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const lower = name.toLowerCase();
    if (lower === keyHeader) continue;
    headers.push(name, lower === 'host' ? `localhost:${port}` : (rawHeaders[i + 1] ?? ''));
  }
  return headers;
}

/** Sends the log of a build: what there is, or with `follow=true` all until its end. */
function sendLog(query: URLSearchParams, res: ServerResponse, builds: Builds): undefined {
  const build = builds.ofRef(query.get('snapshotRef') ?? '');
  if (!build) return refuse(res, 404, 'build not found', 'NOT_FOUND');
  res.writeHead(200, { 'Content-Type': 'text/plain; charset=utf-8' });
  res.flushHeaders();
  for (const line of build.lines) res.write(`${line}\n`);
  if (query.get('follow') !== 'true' || build.finished) res.end();
  else follow(build, res);
}

function follow(build: Build, res: ServerResponse): void {
  const send = (line: string) => res.write(`${line}\n`);
  const end = () => res.end();
  build.on('line', send);
  build.once('finish', end);
  res.once('close', () => build.off('line', send).off('finish', end));
}
