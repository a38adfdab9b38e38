import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { host } from '../rig/ask.ts';

const run = promisify(execFile);

export interface WrkResult {
  readonly requests: number;
  readonly perSecond: number;
}

/**
 * Drives `GET /small` over keep-alive connections for some seconds.
 *
 * @throws Error if a connection failed or an answer was no 2xx: then the figure means nothing
 */
export async function wrk(port: number, connections: number, seconds: number): Promise<WrkResult> {
  const url = `http://127.0.0.1:${port}/small`;
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-H', `Host: ${host}`, url];
  const { stdout } = await run('wrk', args);
  const errors = stdout.match(/^\s*(?:Socket errors|Non-2xx).*$/gm);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (errors) throw new Error(errors.map((line) => line.trim()).join('; '));
  if (!(perSecond > 0)) throw new Error(`wrk measured nothing:\n${stdout}`);
  return { requests, perSecond };
}
