import type { ServerResponse } from 'node:http';
import type { Sandbox } from './sandbox.ts';

/** Ports of Daytona's own that every sandbox has: terminal, toolbox, dashboard of recordings. */
export const reservedPorts: ReadonlySet<number> = new Set([22222, 2280, 33333]);

/** Refuses in the words of Daytona's servers in Go, the edge and the runners. */
export function refuse(
  res: ServerResponse,
  statusCode: number,
  message: string,
  code = 'ERROR',
): undefined {
  const path = res.req.url;
  const body = JSON.stringify({ statusCode, message, code, path, timestamp: new Date() });
  res.writeHead(statusCode, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  res.end(body);
}

/** Answers as Go's reverse proxy does where nothing listens. */
export function refuseDial(res: ServerResponse): undefined {
  res.writeHead(502, { 'Content-Length': 0 }).end();
}

/** Whether a sandbox has an address; where not, answers that it has none. */
export function isUp({ state }: Sandbox, res: ServerResponse): boolean {
  if (state === 'started') return true;
  refuse(res, 400, 'bad request: no IP address found. Is the Sandbox started?');
  return false;
}

/** Commands on this machine have no root's ports, where the machine's own services are. */
function isPlain(port: number): boolean {
  return port >= 1024 && !reservedPorts.has(port);
}

/**
 * Finds where the app of a port listens, and answers where none does.
 *
 * @param listenMs the time that apps need after a start
 */
export function appOf(
  { ports, startedAt, runsHere }: Sandbox,
  port: number,
  listenMs: number,
  res: ServerResponse,
): number | undefined {
  const early = startedAt !== undefined && performance.now() - startedAt < listenMs;
  const appPort = ports.get(port) ?? (runsHere && isPlain(port) ? port : undefined);
  return appPort === undefined || early ? refuseDial(res) : appPort;
}
